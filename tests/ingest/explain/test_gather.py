"""Held-out windows, against a pass that keeps everything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.explain.gather import Gathered, gather
from neuronkb.ingest.explain.material import PARTS, SPLITS
from neuronkb.ingest.explain.settings import Settings
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.n2g.windows import splits
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import CorpusError, ModelError
from neuronkb.tests.ingest.n2g import planted

TARGETS = (Target(0, planted.NEURON), Target(0, planted.ALWAYS), Target(0, planted.DEAD))
SETTINGS = Settings(choose=2, top=3, random=4, examples=4, batch=7)


@pytest.fixture(scope="module")
def values(live: LiveModel, corpus: Corpus) -> np.ndarray:
    """`[n_windows, n_tokens, n_targets]`, BOS left out; 0 behind a window's end."""
    found = live.capture(next(corpus.batches(len(corpus)))[1])[0, "hidden"].numpy()
    kept: np.ndarray = found[:, int(corpus.bos) :, [t.index for t in TARGETS]]
    kept[np.arange(kept.shape[1]) >= corpus.lengths[:, None] - int(corpus.bos)] = 0
    return kept


@pytest.fixture(scope="module")
def gathered(live: LiveModel, corpus: Corpus, values: np.ndarray) -> Gathered:
    return gather(live, corpus, TARGETS, values.max((0, 1)).astype(float), SETTINGS)


def test_values_are_the_models(
    gathered: Gathered, live: LiveModel, corpus: Corpus, values: np.ndarray, planted_folder: Path
) -> None:
    assert live.subject is not None
    texts = live.subject.vocabulary.texts
    for number, _ in enumerate(TARGETS):
        made = gathered.passages(number, corpus, texts, SETTINGS)
        assert set(made) == {(split, part) for split in SPLITS for part in PARTS}
        for key, passages in made.items():
            for passage in passages:
                assert passage.document in corpus.documents.to_pylist(), key
                assert len(passage.values) == len(passage.tokens) == len(passage.ids)
                assert passage.text == "".join(passage.tokens)
        for slot, window in enumerate(gathered.numbers[number].tolist()):
            if window >= 0:
                np.testing.assert_allclose(gathered.values[number, slot], values[window, :, number], rtol=1e-5)


def test_the_mean_is_of_the_tokens_that_there_are(gathered: Gathered, corpus: Corpus, values: np.ndarray) -> None:
    held = np.asarray(corpus.held)
    assert (corpus.lengths[held] < corpus.settings.length).any()
    tokens = int((corpus.lengths[held] - int(corpus.bos)).sum())
    np.testing.assert_allclose(gathered.means, values[held].clip(min=0).sum((0, 1)) / tokens, rtol=1e-5)


def test_no_document_is_in_two_of_shown_choosing_and_reporting(gathered: Gathered, corpus: Corpus) -> None:
    of_document = np.array(splits(corpus.documents.to_pylist()))
    ends = 2 * SETTINGS.choose
    choose, report = gathered.numbers[:, :ends], gathered.numbers[:, ends:]
    for found, reports in ((choose, False), (report, True)):
        documents = corpus.document[found[found >= 0]]
        assert np.asarray(corpus.held)[found[found >= 0]].all()
        assert ((of_document[documents] == "report") == reports).all()


def test_the_graphs_seed_divides_the_documents_here_too(live: LiveModel, corpus: Corpus, values: np.ndarray) -> None:
    found = gather(live, corpus, TARGETS, values.max((0, 1)).astype(float), SETTINGS, divided=1).numbers
    of_document = np.array(splits(corpus.documents.to_pylist(), 1))
    ends = 2 * SETTINGS.choose
    for part, reports in ((found[:, :ends], False), (found[:, ends:], True)):
        assert ((of_document[corpus.document[part[part >= 0]]] == "report") == reports).all()


def test_tops_are_the_strongest_one_a_document(gathered: Gathered, corpus: Corpus, values: np.ndarray) -> None:
    reports = np.array(splits(corpus.documents.to_pylist()))[corpus.document] == "report"
    allowed = np.flatnonzero(np.asarray(corpus.held) & reports)
    highs = values[:, :, 0].max(1)
    best: dict[int, int] = {}
    for window in sorted(allowed, key=lambda w: -highs[w]):
        if highs[window] > 0:
            best.setdefault(int(corpus.document[window]), int(window))
    first = 2 * SETTINGS.choose
    found = gathered.numbers[0, first : first + SETTINGS.top]
    assert sorted(highs[found].tolist()) == pytest.approx(sorted(highs[list(best.values())[:3]].tolist()))
    assert len(set(corpus.document[found].tolist())) == 3


def test_active_and_silent_windows_are_that(gathered: Gathered, corpus: Corpus, values: np.ndarray) -> None:
    first = 2 * SETTINGS.choose + SETTINGS.top + SETTINGS.random
    active, silent = (gathered.numbers[0, first + at : first + at + 4] for at in (0, 4))
    high = values[:, :, 0].max()
    assert (active >= 0).any()
    assert (silent >= 0).any()
    assert (values[active[active >= 0], :, 0].max(1) >= 0.3 * high).all()
    assert (values[silent[silent >= 0], :, 0].max(1) < 0.1 * high).all()


def test_random_windows_are_the_same_for_all_and_a_dead_side_has_only_those(gathered: Gathered) -> None:
    first = 2 * SETTINGS.choose + SETTINGS.top
    random = gathered.numbers[:, first : first + SETTINGS.random]
    assert (random == random[0]).all()
    assert (gathered.numbers[2, first - SETTINGS.top : first] == -1).all()


def test_the_same_whatever_the_batch_and_after_being_saved(
    gathered: Gathered, live: LiveModel, corpus: Corpus, values: np.ndarray, tmp_path: Path
) -> None:
    again = gather(live, corpus, TARGETS, values.max((0, 1)).astype(float), replace(SETTINGS, batch=64))
    assert (again.numbers == gathered.numbers).all()
    gathered.save(tmp_path / "some.npz")
    kept = Gathered.load(tmp_path / "some.npz")
    assert kept is not None
    assert (kept.values == gathered.values).all()
    one, rest = kept.split([1, 2])
    assert (one.numbers[0] == gathered.numbers[0]).all()
    assert len(rest.means) == 2
    assert Gathered.load(tmp_path / "none.npz") is None
    (tmp_path / "cut.npz").write_bytes((tmp_path / "some.npz").read_bytes()[:200])
    assert Gathered.load(tmp_path / "cut.npz") is None


def test_too_few_documents_are_an_error(live: LiveModel, corpus: Corpus) -> None:
    few = replace(corpus, held=np.zeros(len(corpus), bool))
    with pytest.raises(CorpusError, match="too few held-out documents: none to choose"):
        gather(live, few, TARGETS, np.ones(3), SETTINGS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tops": 3}, "unknown setting 'tops' of explaining"),
        ({"top": 0}, "top is 0, expected 1 to 100"),
        ({"methods": ("guess",)}, "methods has 'guess', expected some of token_activations"),
        ({"style": "loud"}, "style is 'loud', expected one of auto, instruct, base"),
        ({"silent": 0.5}, "silent is 0.5 and active 0.3"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Settings.of(given)
