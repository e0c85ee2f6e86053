"""A corpus pass through the API, on both stores: what a neuron's card then says, and that a second run adds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.kb.inputs.corpora import corpus_of
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries import NeuronCard
from neuronkb.schema import CorpusError, WeightsError
from neuronkb.tests import planted

from tests.filled import Filling

SETTINGS = {"k": 4, "per_band": 1, "tokens": 3, "least": 5, "dtype": "float32", "device": "cpu"}
WINDOWS = {"length": 16}
NEURON = "base/L1/N3"


def texts(folder: Path) -> Path:
    """40 documents of random words of the planted vocabulary."""
    random = np.random.default_rng(3)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    lines = [json.dumps({"id": f"d{i}", "text": " ".join(random.choice(words, 60))}) for i in range(40)]
    path = folder / "texts.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture
def kb(filling: Filling, planted_models: tuple[Path, Path], text: Path, tmp_path: Path) -> KnowledgeBase:
    """The planted base, decoded and run over a corpus."""

    def made(kb: KnowledgeBase) -> None:
        kb.lm_head.ingest(planted_models[0])
        kb.activations.ingest(planted_models[0], text, windows=WINDOWS, settings=SETTINGS)

    return filling.copied(made, tmp_path / "store")


def test_a_card_shows_what_the_neuron_did(kb: KnowledgeBase, planted_models: tuple[Path, Path], text: Path) -> None:
    card: NeuronCard = kb.card(NEURON)
    assert card.ends
    assert [each.pole for each in card.activity] == [1, -1]
    live = LiveModel.open(planted_models[0], dtype="float32", device="cpu")
    assert live.subject is not None
    corpus = corpus_of(kb.db, kb.place, live.subject, [text], WINDOWS, lambda *told: None)
    values = live.capture(next(corpus.batches(len(corpus)))[1], layers=[1])[1, "hidden"][:, 1:, 3].numpy()
    for each in card.activity:
        signed = each.pole * values
        assert each.n == values.size
        assert each.max == pytest.approx(float(signed.max()), rel=1e-6)
        assert each.mean == pytest.approx(float(signed.mean()), rel=1e-4)
        assert sum(each.histogram) == values.size
        assert list(each.quantiles) == ["0.5", "0.9", "0.99", "0.999", "0.9999"]
        top = [excerpt for excerpt in each.excerpts if excerpt.band == "top"]
        assert 0 < len(top) <= 4
        assert each.excerpts[0] is top[0]
        learn = signed[~np.asarray(corpus.held)].max(1)
        assert top[0].activation == pytest.approx(float(learn.max()), rel=1e-6)
        for excerpt in each.excerpts:
            assert len(excerpt.tokens) == len(excerpt.activations) == 16
            assert max(excerpt.activations) == pytest.approx(excerpt.activation, rel=0.02)
        assert len(each.tokens) == 3
        assert [mean for _, mean, _, _ in each.tokens] == sorted((m for _, m, _, _ in each.tokens), reverse=True)


def test_the_same_run_again_changes_nothing(kb: KnowledgeBase, planted_models: tuple[Path, Path], text: Path) -> None:
    before = kb.store.status()
    report = kb.activations.ingest(planted_models[0], text, windows=WINDOWS, settings=SETTINGS)
    assert report.total == 0
    after = kb.store.status()
    assert (after.nodes, after.relationships) == (before.nodes, before.relationships)


def test_evidence_of_other_weights_is_refused(kb: KnowledgeBase, planted_models: tuple[Path, Path], text: Path) -> None:
    with pytest.raises(WeightsError, match="base"):
        kb.activations.ingest(planted_models[1], text, name="base", windows=WINDOWS, settings=SETTINGS)


def test_an_empty_corpus_is_an_error(store: Store, planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(CorpusError):
        kb.activations.ingest(planted_models[0], tmp_path / "empty.jsonl", windows=WINDOWS, settings=SETTINGS)
