"""Places where two tokenizers have read the same characters, and correlations there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from neuronkb.ingest.corpus.tokenizer import Tokenizer
from neuronkb.ingest.progress import silent
from neuronkb.ingest.similar import activation
from neuronkb.ingest.similar.activation import Activations, standardised
from neuronkb.ingest.similar.aligned import SharedText, align, fitting, pieces
from neuronkb.ingest.similar.captured import capture, read_captured
from neuronkb.ingest.similar.measure import MatchedModel
from neuronkb.ingest.similar.search import Search
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import LinkError
from neuronkb.tests import matched, planted

from ..subject.tokenizers import byte_level

CPU = torch.device("cpu")


def texts(n: int = 30) -> list[str]:
    words = [*planted.MONTHS, *planted.WEEKDAYS, *planted.FILLER]
    generator = np.random.default_rng(3)
    return [" ".join(generator.choice(words, 60)) for _ in range(n)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("active")
    base = matched.base(root / "base")
    return {
        "base": base,
        "permuted": matched.permuted(base, root / "permuted"),
        "tuned": matched.tuned(base, root / "tuned", size=0.02),
    }


def test_places_end_at_the_same_character(folders: dict[str, Path], tmp_path: Path) -> None:
    byte_level(tmp_path)
    one, two = Tokenizer.open(folders["base"]), Tokenizer.open(tmp_path, 10_000)
    text = "january monday filler3 february"
    found = align(text, one, two, 100)
    assert found is not None
    # Words end at 7, 14, 22 and 31: every word-level token ends there, and so does some byte-level one.
    pieces_ = [two.tokenizer(text[:end], add_special_tokens=False)["input_ids"] for end in (7, 14, 22, 31)]
    first = 0 if two.bos is None else 1
    assert found.places[0] == (1, 2, 3, 4)
    assert found.places[1] == tuple(len(ids) - 1 + first for ids in pieces_)
    fewer = align(text, one, two, 2)
    assert fewer is not None
    assert fewer.places[0] == (1, 2)


def test_passages_keep_every_character_and_count_places(folders: dict[str, Path]) -> None:
    text = " ".join(f"w{i}" for i in range(500))
    assert "".join(pieces(text)) == text
    assert all(len(piece) < 410 for piece in pieces(text))
    tokenizer = Tokenizer.open(folders["base"])
    found = SharedText.of(texts(), tokenizer, tokenizer, 333)
    assert found.positions == 333
    assert found.hash != SharedText.of(texts(), tokenizer, tokenizer, 334).hash
    with pytest.raises(LinkError, match="no places"):
        SharedText.of([""], tokenizer, tokenizer, 10)


def test_the_end_of_a_passage_of_many_tokens_is_read_too(folders: dict[str, Path], tmp_path: Path) -> None:
    """A model of 64 tokens, and a stretch of 150; without blanks, and down to one character."""
    tokenizer = Tokenizer.open(folders["base"])
    assert tokenizer.context == 64
    text = " ".join([min(planted.MONTHS, key=len)] * 150)
    assert "".join(fitting(text, tokenizer)) == text
    assert SharedText.of([text], tokenizer, tokenizer, 1000).positions == 150
    before = SharedText.of([text], tokenizer, tokenizer, 1000, tails=False)
    assert before.positions == sum(min(63, len(piece.split())) for piece in pieces(text)) < 150
    few = [" ".join(text.split()[:9])]
    assert len({SharedText.of(few, tokenizer, tokenizer, 1000, tails=tails).hash for tails in (True, False)}) == 1
    byte_level(tmp_path)
    small = Tokenizer(Tokenizer.open(tmp_path).tokenizer, "", 10_000, 2)
    assert "".join(fitting("aé🦘b" * 9, small)) == "aé🦘b" * 9


def captured(folders: dict[str, Path], names: tuple[str, str], root: Path) -> Activations:
    tokenizer = Tokenizer.open(folders["base"])
    text = SharedText.of(texts(), tokenizer, tokenizer, 700)
    for side, name in enumerate(names):
        capture(LiveModel.open(folders[name]), text, side, root / str(side), silent)
    sides = [MatchedModel(name, matched.LAYERS, matched.WIDTH) for name in names]
    return Activations(sides[0], sides[1], CPU, first=root / "0", second=root / "1", seed=0)


def test_what_is_captured_is_what_the_model_computes(folders: dict[str, Path], tmp_path: Path) -> None:
    captured(folders, ("base", "tuned"), tmp_path)
    tokenizer = Tokenizer.open(folders["base"])
    text = SharedText.of(texts(), tokenizer, tokenizer, 700)
    live = LiveModel.open(folders["tuned"])
    at = 0
    for passage in text.passages[:20]:
        alone = live.capture(torch.tensor([passage.tokens[1]]))[1, "hidden"][0, list(passage.places[1])]
        seen = read_captured(tmp_path / "1", 1)[at : at + len(passage.places[1])]
        torch.testing.assert_close(seen, alone, rtol=1e-4, atol=1e-5)
        at += len(passage.places[1])


def test_scores_are_pearson_correlations_in_steps(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activation, "STEP", 100)
    measure = captured(folders, ("base", "tuned"), tmp_path)
    values = [torch.cat([read_captured(tmp_path / s, n) for n in range(matched.LAYERS)], 1).double() for s in "01"]
    n = values[0].shape[1]
    whole = torch.corrcoef(torch.cat(values, 1).T)[:n, n:]
    search = Search(measure, 4, 1)
    for layer in range(matched.LAYERS):
        found = search.layer(layer)
        mine = whole[layer * matched.WIDTH : (layer + 1) * matched.WIDTH]
        torch.testing.assert_close(found.scores, mine.topk(4, dim=1).values, rtol=0, atol=1e-6)


def test_a_permuted_copy_is_matched_back_by_what_it_does(folders: dict[str, Path], tmp_path: Path) -> None:
    search = Search(captured(folders, ("base", "permuted"), tmp_path), 2, 1)
    for layer in range(matched.LAYERS):
        found = search.layer(layer)
        assert (found.layers[:, 0] == layer).all()
        assert torch.equal(found.indices[:, 0], torch.argsort(matched.order(layer)))
        assert (found.scores[:, 0] > found.null[0]).all()


def test_a_still_neuron_has_no_profile() -> None:
    values = torch.stack([torch.full((50,), 3.0), torch.arange(50.0), torch.zeros(50)], 1)
    found = standardised(values)
    assert found[0].abs().max() == 0
    assert found[2].abs().max() == 0
    assert float(found[1].norm()) == pytest.approx(1)
