"""Which windows a graph is built from, against all activations kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.n2g.passes import Passes
from neuronkb.ingest.n2g.settings import Settings
from neuronkb.ingest.n2g.windows import SHARES, Split, read, select, splits
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import CorpusError
from neuronkb.tests.ingest.n2g import planted

TARGETS = [Target(0, planted.NEURON), Target(0, planted.ALWAYS), Target(0, planted.DEAD)]
SETTINGS = Settings(build=6, report=4, random=5, batch=7)


def captured(live: LiveModel, corpus: Corpus) -> npt.NDArray[np.float32]:
    """`[n_windows, n_tokens, d_mlp]` of layer 0, BOS left out; 0 behind a window's end."""
    values = live.capture(next(corpus.batches(len(corpus)))[1], layers=[0])[0, "hidden"][:, 1:].numpy()
    values[np.arange(values.shape[1]) >= corpus.lengths[:, None] - 1] = 0
    return values


def test_documents_keep_their_split_whatever_the_others_are() -> None:
    names = [f"d{i}" for i in range(4000)]
    found = splits(names)
    assert splits(reversed(names)) == found[::-1]
    for name, share in SHARES.items():
        assert abs(found.count(name) / len(names) - share / 100) < 0.03
    assert splits(names, seed=1) != found


def test_windows_are_the_strongest_and_some_drawn_and_never_share_a_document(live: LiveModel, corpus: Corpus) -> None:
    chosen = select(Passes(live, corpus, TARGETS, batch=7), SETTINGS)
    values = captured(live, corpus)
    split_of = splits(corpus.documents.to_pylist())
    documents = {name: {i for i, split in enumerate(split_of) if split == name} for name in SHARES}
    for number, target in enumerate(TARGETS):
        high = values[:, :, target.index].max(1)
        build = [w for w in range(len(corpus)) if corpus.document[w] in documents["build"]]
        assert chosen.maxima[number] == pytest.approx(float(high[build].max()), abs=1e-6)
        for name in SHARES:
            mine = chosen.own[name][number]
            assert {int(corpus.document[w]) for w in mine} <= documents[name]
            assert (high[mine] > 0).all()
            if target.index != planted.DEAD:
                best: list[int] = []
                for w in sorted(
                    (w for w in range(len(corpus)) if split_of[corpus.document[w]] == name), key=lambda w: (-high[w], w)
                ):
                    if len(best) < len(mine) // 2 and corpus.document[w] not in corpus.document[best]:
                        best.append(w)
                assert high[mine].max() == high[best].max()
    assert chosen.own["build"][2].tolist() == []
    for name in SHARES:
        assert len(chosen.shared[name]) == 5
        assert {int(corpus.document[w]) for w in chosen.shared[name]} <= documents[name]


def test_neither_batches_nor_other_targets_change_the_choice(live: LiveModel, corpus: Corpus) -> None:
    whole = select(Passes(live, corpus, TARGETS), SETTINGS)
    alone = select(Passes(live, corpus, TARGETS[1:2]), Settings(build=6, report=4, random=5, batch=16))
    for name in SHARES:
        assert whole.own[name][1].tolist() == alone.own[name][0].tolist()
    other = select(Passes(live, corpus, TARGETS[1:2]), Settings(build=6, report=4, random=5, seed=1))
    assert any(whole.own[name][1].tolist() != other.own[name][0].tolist() for name in SHARES)


def test_drawn_windows_follow_their_weights(live: LiveModel, corpus: Corpus) -> None:
    """Where two kinds of window differ in nothing but their largest activation, the stronger comes oftener."""
    found = select(Passes(live, corpus, TARGETS[:2]), Settings(build=20, report=20, random=2))
    values = captured(live, corpus)[:, :, planted.NEURON]
    share = (values.max(1) > 0).mean()
    assert 0.1 < share < 0.9
    assert (values.max(1)[found.own["build"][0]] > 0).all()


def test_values_are_those_of_the_model(live: LiveModel, corpus: Corpus) -> None:
    texts = [""] * planted.VOCAB
    for i, token in enumerate(planted.TOKENS):
        texts[i] = token.replace("▁", " ")
    chosen = select(Passes(live, corpus, TARGETS), SETTINGS)
    made = read(Passes(live, corpus, TARGETS), texts, chosen)
    names: list[Split] = list(SHARES)
    for number, material in enumerate(made):
        for name in names:
            assert [w.number for w in material.own[name]] == chosen.own[name][number].tolist()
            assert [w.number for w in material.shared[name]] == chosen.shared[name].tolist()
            for window in [*material.own[name], *material.shared[name]]:
                ids = corpus.inputs(np.array([window.number]))[0]
                values = live.capture(ids, layers=[0])[0, "hidden"][0, 1:, TARGETS[number].index]
                np.testing.assert_allclose(window.values, values.numpy(), rtol=1e-5, atol=1e-6)
                assert window.tokens == tuple(texts[i] for i in ids[0, 1:])


def test_too_few_documents_are_an_error(live: LiveModel, corpus: Corpus) -> None:
    one = np.zeros_like(corpus.document)
    with pytest.raises(CorpusError, match="too few documents: none to"):
        select(Passes(live, replace(corpus, document=one), TARGETS), SETTINGS)
