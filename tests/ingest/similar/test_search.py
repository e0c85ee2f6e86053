"""The streaming search is float64 brute force; planted copies are found, strangers are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.similar import search as searching
from neuronkb.ingest.similar.claims import claims
from neuronkb.ingest.similar.firsts import Firsts
from neuronkb.ingest.similar.measure import Measure
from neuronkb.ingest.similar.search import Search
from neuronkb.ingest.similar.vocabulary import VocabularyProfiles
from neuronkb.ingest.similar.weights import WeightRows
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import LinkError
from neuronkb.tests import matched, planted

from ..subject.families import CONFIGS, FF, LAYERS, save

CPU = torch.device("cpu")
MEASURES: list[Any] = [WeightRows, VocabularyProfiles]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("matched")
    base = matched.base(root / "base")
    return {
        "base": base,
        "permuted": matched.permuted(base, root / "permuted"),
        "tuned": matched.tuned(base, root / "tuned", overwritten=((0, 3), (1, 7), (1, 40))),
        "stranger": matched.base(root / "stranger", seed=9),
        "wider": matched.base(root / "wider", seed=4, d_model=40),
    }


def rows_of(subject: Subject, folded: bool = False) -> list[torch.Tensor]:
    """Rows of each projection over all layers, float64."""
    weights = [read_layer(subject.checkpoint, subject.architecture, n) for n in range(subject.architecture.n_layers)]
    names = subject.architecture.projections
    return [
        torch.cat([decoded_rows(w, name, "folded") if folded else w.rows[name].double() for w in weights])
        for name in names
    ]


def cosines(one: Subject, two: Subject) -> torch.Tensor:
    def unit(rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(rows, dim=1)

    pairs = zip(rows_of(one), rows_of(two), strict=True)
    return torch.stack([unit(a) @ unit(b).T for a, b in pairs]).mean(0)


def correlations(one: Subject, two: Subject, ordinary: Any) -> torch.Tensor:
    """From the logits themselves."""
    heads = [s.checkpoint.tensor(s.architecture.unembedding).double()[ordinary] for s in (one, two)]
    found = []
    for a, b in zip(rows_of(one, True), rows_of(two, True), strict=True):
        logits = torch.cat([a @ heads[0].T, b @ heads[1].T])
        found.append(torch.corrcoef(logits)[: len(a), len(a) :])
    return torch.stack(found).mean(0)


def check(search: Search, scores: torch.Tensor, width: int, layers: int) -> None:
    """Search results of all layers, both ways, against the matrix of all scores."""
    k = search.k
    for way in ("forth", "back"):
        whole = scores if way == "forth" else scores.T
        for layer in range(layers):
            found = search.layer(layer) if way == "forth" else search.other(layer, search.columns[layer])
            mine = whole[layer * width : (layer + 1) * width]
            top = mine.topk(k, dim=1)
            torch.testing.assert_close(found.scores, top.values, rtol=0, atol=3e-7)
            ids = found.layers * width + found.indices
            torch.testing.assert_close(mine.gather(1, ids), top.values, rtol=0, atol=3e-7)


@pytest.mark.parametrize("family", sorted(CONFIGS))
def test_weights_are_brute_force_in_every_family(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "ROWS", 20)
    for number, name in enumerate(("one", "two")):
        torch.manual_seed(number)
        model = save(family, tmp_path / name)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        model.save_pretrained(tmp_path / name)
    one, two = (Subject.open(tmp_path / name) for name in ("one", "two"))
    check(Search(WeightRows.of(one, two, CPU, 0), 5, 0), cosines(one, two), FF, LAYERS)


def test_vocabulary_is_the_correlation_of_the_logits(folders: dict[str, Path]) -> None:
    one, two = Subject.open(folders["base"]), Subject.open(folders["wider"])
    measure = VocabularyProfiles.of(one, two, CPU, 0)
    scores = correlations(one, two, torch.from_numpy(one.vocabulary.ordinary & two.vocabulary.ordinary))
    check(Search(measure, 4, 0), scores, matched.WIDTH, matched.LAYERS)


def test_vocabulary_is_joined_by_what_tokens_write(folders: dict[str, Path], tmp_path: Path) -> None:
    """The same model with its vocabulary in another order and with tokens the base has not: the same scores."""
    import shutil

    from transformers import LlamaForCausalLM

    places = [
        0,
        1,
        2,
        *(3 + torch.randperm(len(planted.TOKENS) - 7, generator=torch.Generator().manual_seed(1))).tolist(),
    ]
    places += range(len(planted.TOKENS) - 4, len(planted.TOKENS))
    model = LlamaForCausalLM.from_pretrained(folders["base"])
    with torch.no_grad():
        model.lm_head.weight.copy_(model.lm_head.weight[places])
    model.save_pretrained(tmp_path / "other")
    tokens = [planted.TOKENS[i] for i in places]
    tokens[5] = "▁unheard"
    planted.write_tokenizer(tmp_path / "other", tuple(tokens))
    one, two = Subject.open(folders["base"]), Subject.open(tmp_path / "other")
    measure = VocabularyProfiles.of(one, two, CPU, 0)
    assert len(measure.tokens) == int(one.vocabulary.ordinary.sum()) - 1
    found = Search(measure, 1, 0).layer(1)
    assert found.indices[:, 0].tolist() == list(range(matched.WIDTH))
    assert float(found.scores.min()) == pytest.approx(1, abs=1e-6)
    shutil.rmtree(tmp_path / "other")


def firsts(measure: Measure, draws: int = 1) -> tuple[Firsts, Firsts]:
    search = Search(measure, 3, draws)
    forth, back = Firsts.empty(measure.one, draws), Firsts.empty(measure.two, draws)
    for layer in range(measure.one.layers):
        forth.note(layer, search.layer(layer), measure.two.width)
    for layer, found in enumerate(search.others()):
        back.note(layer, found, measure.one.width)
    return forth, back


@pytest.mark.parametrize("kind", MEASURES)
def test_a_permuted_copy_is_matched_back_whole(folders: dict[str, Path], kind: Any) -> None:
    one, two = Subject.open(folders["base"]), Subject.open(folders["permuted"])
    forth, back = firsts(kind.of(one, two, CPU, 0))
    for layer in range(matched.LAYERS):
        expected = layer * matched.WIDTH + torch.argsort(matched.order(layer))
        assert torch.equal(forth.place[layer * matched.WIDTH : (layer + 1) * matched.WIDTH], expected)
    assert forth.mutual(back) == 1
    assert forth.claims()["claimed"] == len(forth.place)
    assert forth.claims()["above_all"] == len(forth.place)


@pytest.mark.parametrize("kind", MEASURES)
def test_a_fine_tunes_counterparts_are_found_and_overwritten_neurons_are_not(
    folders: dict[str, Path], kind: Any
) -> None:
    one, two = Subject.open(folders["base"]), Subject.open(folders["tuned"])
    forth, back = firsts(kind.of(one, two, CPU, 0), draws=19)
    overwritten = [3, matched.WIDTH + 7, matched.WIDTH + 40]
    n = matched.LAYERS * matched.WIDTH
    assert forth.same_index() == pytest.approx((n - 3) / n)
    assert back.same_index() == pytest.approx((n - 3) / n)
    highest = float(forth.null.max())
    assert [i for i in range(n) if not float(forth.score[i]) > highest] == overwritten
    excess = forth.score - forth.null[0]
    claimed = forth.claims()
    assert claimed["claimed"] >= n - 3
    kept = [i for i in range(n) if float(excess[i]) < claimed["excess"]]
    assert set(kept) <= set(overwritten)


@pytest.mark.parametrize("kind", MEASURES)
def test_a_stranger_has_no_match_above_the_maximum_of_the_controls(folders: dict[str, Path], kind: Any) -> None:
    one = Subject.open(folders["base"])
    found = [firsts(kind.of(one, Subject.open(folders["stranger"]), CPU, seed), draws=19)[0] for seed in range(4)]
    # Each of the four has one chance in twenty.
    assert sum(each.claims()["above_all"] > 0 for each in found) <= 1
    assert all(each.claims()["claimed"] == 0 for each in found)


def test_within_one_model_a_neuron_is_not_its_own_neighbour(folders: dict[str, Path]) -> None:
    one = Subject.open(folders["base"])
    search = Search(WeightRows.of(one, one, CPU, 0), 4, 1)
    scores = cosines(one, one).fill_diagonal_(-torch.inf)
    assert not search.columns
    for layer in range(matched.LAYERS):
        found = search.layer(layer)
        part = scores[layer * matched.WIDTH : (layer + 1) * matched.WIDTH]
        torch.testing.assert_close(found.scores, part.topk(4, dim=1).values, rtol=0, atol=3e-7)
        one_row = search.layer(layer, slice(5, 6))
        assert torch.equal(one_row.scores[0], found.scores[5])
        assert torch.equal(one_row.indices[0], found.indices[5])


def test_equal_neurons_stand_in_order_and_a_dead_one_matches_nothing(folders: dict[str, Path], tmp_path: Path) -> None:
    """Twenty copies of one neuron: rounding cannot tell them apart, the exact order is by index."""

    def change(layer: int, mlp: Any) -> None:
        for name in matched.MLP:
            weight = getattr(mlp, name).weight
            if name == "down_proj":
                weight[:, 10:30] = weight[:, :1]
                weight[:, 40] = 0
            else:
                weight[10:30] = weight[:1]
                weight[40] = 0

    many = matched.changed(folders["base"], tmp_path / "many", change)
    one, two = Subject.open(folders["base"]), Subject.open(many)
    search = Search(WeightRows.of(one, two, CPU, 0), 4, 0)
    found = search.layer(0)
    assert found.indices[0].tolist() == [0, 10, 11, 12]
    assert found.layers[0].tolist() == [0] * 4
    assert search.settled > 0
    back = Search(WeightRows.of(two, one, CPU, 0), 4, 0).layer(0)
    assert back.layers[40].tolist() == [-1] * 4


def test_models_that_cannot_be_compared(folders: dict[str, Path], tmp_path: Path) -> None:
    one, wider = Subject.open(folders["base"]), Subject.open(folders["wider"])
    with pytest.raises(LinkError, match=r"32 and 40 wide.*--by vocabulary, tokens and activation"):
        WeightRows.of(one, wider, CPU, 0)
    foreign = tmp_path / "foreign"
    matched.base(foreign, seed=2)
    words = tuple(t if t in planted.SPECIAL else f"▁foreign{i}" for i, t in enumerate(planted.TOKENS))
    planted.write_tokenizer(foreign, words)
    with pytest.raises(LinkError, match=r"share 0 tokens.*still work: weights, activation"):
        VocabularyProfiles.of(one, Subject.open(foreign), CPU, 0)


def test_claims_by_hand() -> None:
    null = np.array([[0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.9, 0.3]])
    found = claims(np.array([0.95, 0.8, 0.7, 0.4]), null, rate=0.5)
    # Excesses .45, .3, .2, -.1: at .2 the estimate is (1 + 0) / 3, at .1 (1 + 1) / 3.
    assert found.claimed == 3
    assert found.excess == pytest.approx(0.2)
    assert (found.highest_null, found.above_all) == (0.9, 1)
    assert found.family_rate == pytest.approx(1 / 3)
    assert claims(np.array([0.95]), null[:, :1], rate=0.5).claimed == 0
    without = claims(np.array([0.95, 0.8]), np.empty((0, 2)))
    assert (without.score, without.null, without.highest_null, without.claimed) == (0.875, None, None, 0)


def test_claims_keep_their_rate_when_nothing_is_real() -> None:
    """Over 400 draws of 200 neurons without a match: a claim about any pair in at most one of 1 + draws, and claims
    that are all false in at most the rate."""
    generator = np.random.default_rng(0)
    family, discoveries = 0, 0
    for _ in range(400):
        score, null = generator.gumbel(size=200), generator.gumbel(size=(4, 200))
        found = claims(score, null, rate=0.1)
        family += found.above_all > 0
        discoveries += found.claimed > 0
    assert family / 400 <= 0.2 + 3 * (0.2 * 0.8 / 400) ** 0.5
    assert discoveries / 400 <= 0.1 + 3 * (0.1 * 0.9 / 400) ** 0.5
