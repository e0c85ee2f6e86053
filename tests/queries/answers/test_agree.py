"""Methods that agree, and that contradict each other: on hand-made evidence, planted and shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries.answers.agree import agreements
from neuronkb.queries.answers.disagree import disagreements
from neuronkb.queries.answers.named import Source, pairs, witnesses
from neuronkb.queries.result.record import plain_json
from neuronkb.schema import QueryError

from tests import everything
from tests.conftest import held
from tests.drawn import check_doors
from tests.everything import BASE, DEAD, EARLY, MONTHS, OTHER, Rows

SIZE, PLANTED = 60, 12


@pytest.fixture(scope="module")
def local(local_folder: Path) -> Iterator[Store]:
    """The evidence of tests/everything.py, and the model `many`: 60 neurons with noise of two methods, the first 12
    with two words in common, N12 with them on opposite sides; and `mixed`, one method's neurons shuffled."""
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        everything.load(store, two_methods("many", shuffled=False))
        everything.load(store, two_methods("mixed", shuffled=True))
        yield store


def two_methods(model: str, *, shuffled: bool) -> Rows:
    """lm-head and the token table of a corpus."""
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(400)]
    rows: Rows = {"Model": [{"id": model, "n_layers": 1, "d_mlp": SIZE, "gated": True}]}
    rows["Run"] = [{"id": f"{job}-{model}", "job": job, "model": model} for job in ("lm-head", "activations")]
    rows["Neuron"] = [{"id": f"{model}/L0/N{i}", "model": model, "layer": 0, "index": i} for i in range(SIZE)]
    rows["Token"] = [{"id": f"k/T{i}", "tokenizer": "k", "token": i, "text": w} for i, w in enumerate(words)]
    rows["Term"] = [{"id": word} for word in words]
    rows["Token.SPELLS.Term"] = [{"start": f"k/T{i}", "end": word} for i, word in enumerate(words)]
    other = rng.permutation(SIZE) if shuffled else np.arange(SIZE)
    decoded, fired = [], []
    for i in range(SIZE):
        shared = [300 + 2 * i, 301 + 2 * i] if i <= PLANTED else []
        for rank, token in enumerate([*shared, *rng.choice(300, 5, replace=False).tolist()], 1):
            side = {"projection": "down", "pole": 1, "convention": "raw", "rank": rank, "run": f"lm-head-{model}"}
            numbers = {"logit": 1.0, "z": 1.0, "probability": 0.1}
            decoded.append({"start": f"{model}/L0/N{i}", "end": f"k/T{token}", **side, **numbers})
        for token in [*shared, *rng.choice(300, 5, replace=False).tolist()]:
            row = {"start": f"{model}/L0/N{other[i]}", "end": f"k/T{token}", "pole": -1 if i == PLANTED else 1}
            fired.append({**row, "mean": 1.0, "max": 2.0, "n": 3, "run": f"activations-{model}"})
    return {**rows, "Neuron.DECODES_TO.Token": decoded, "Neuron.FIRES_ON_TOKEN.Token": fired}


def test_planted_agreement_is_found_and_shuffled_is_not(local: Store) -> None:
    found = agreements(local, "many", top=None)
    assert found.tested == SIZE - 1
    sure = {one.neuron for one in found.agreements if one.q <= 0.05}
    assert sure == {f"many/L0/N{i}" for i in range(PLANTED)}
    first = found.agreements[0]
    assert first.methods == ("lm-head", "tokens")
    assert first.score is not None
    assert first.null is not None
    assert first.score > 10 * first.null
    (pair,) = found.pairs
    assert (pair.one, pair.two, pair.both) == ("lm-head", "tokens", SIZE - 1)
    assert pair.shared >= PLANTED > pair.by_chance
    mixed = agreements(local, "mixed", top=None)
    assert [one for one in mixed.agreements if one.q <= 0.05] == []


def test_the_same_words_on_opposite_sides_are_a_contradiction(local: Store) -> None:
    found = disagreements(local, "many")
    sure = [one for one in found.opposite if one.q <= 0.05]
    assert [(one.neuron, one.pole, one.words) for one in sure] == [(f"many/L0/N{PLANTED}", 1, ("w324", "w325"))]
    assert f"many/L0/N{PLANTED}" not in {
        one.neuron for one in agreements(local, "many", top=None).agreements if one.q <= 0.05
    }


def test_every_method_and_the_clamp_agree_on_months(local: Store) -> None:
    found = agreements(local, BASE, top=None)
    months = next(one for one in found.agreements if (one.neuron, one.pole) == (MONTHS, 1))
    assert months.words[0] in ("july", "june")
    assert set(months.words) == {"june", "july"}
    # The token table, the graph and the explanation rest on one corpus; the clamp is its own witness.
    assert months.methods == ("lm-head", "tokens", "n2g", "probes", "explanations", "clamp")
    assert months.clamp is not None
    assert (months.clamp.p, months.clamp.q) == (0.01, 0.02)
    pairs_seen = {(pair.one, pair.two) for pair in found.pairs}
    assert ("tokens", "n2g") not in pairs_seen
    assert ("tokens", "explanations") not in pairs_seen
    assert ("lm-head", "explanations") in pairs_seen
    assert not {DEAD, EARLY} & {one.neuron for one in found.agreements}


def test_words_that_only_one_corpus_names_do_not_count(local: Store) -> None:
    only = agreements(local, BASE, runs=["activations-1", "n2g-1", "explain-1"])
    assert (only.tested, only.pairs, only.agreements) == (0, (), ())


def test_a_clamp_alone_confirms_what_the_row_decodes_to(local: Store) -> None:
    (found,) = agreements(local, BASE, runs=["lm-head-1", "clamp-1"]).agreements
    assert (found.neuron, found.methods, found.score) == (MONTHS, ("lm-head", "clamp"), None)
    assert (set(found.words), found.q) == ({"june", "july", "may"}, 0.02)


def test_what_contradicts_on_hand_made_evidence(local: Store) -> None:
    found = disagreements(local, BASE, f1=0.6)
    assert ("june",) in [one.words for one in found.opposite if one.neuron == OTHER]
    (pushed,) = found.pushed
    assert (pushed.neuron, pushed.projection, pushed.pole, pushed.effect) == (OTHER, "up", -1, -5.0)
    assert pushed.words == (" June", " early")
    # 1 - 0.99 and the least p of the run; two clamps tested.
    assert pushed.p == pytest.approx(0.02)
    assert pushed.q == pytest.approx(0.04)
    assert [one.neuron for one in found.unshared] == [EARLY]


def test_a_pole_of_a_gate_is_no_side(local: Store) -> None:
    """A row of the gate opens the neuron for both sides of the hidden value; its other end closes it."""
    from neuronkb.queries.answers.named import _sides

    assert _sides("lm-head", "gate", 1, True) == (0, 1)
    assert _sides("lm-head", "gate", -1, True) == ()
    assert _sides("lm-head", "up", -1, True) == (1,)
    assert _sides("lm-head", "down", -1, False) == ()
    assert _sides("lm-head", "up", 1, False) == (0,)
    assert _sides("probes", "", 0, True) == (0, 1)


def test_independence_and_how_many_witnesses() -> None:
    head = Source("lm-head", frozenset({"a"}), frozenset({"a"}))
    tokens = Source("tokens", frozenset({"b"}), frozenset({"b", "corpus c"}))
    graph = Source("n2g", frozenset({"c"}), frozenset({"c", "corpus c"}))
    written = Source("explanations", frozenset({"d"}), frozenset({"d", "b", "corpus c"}))
    assert not tokens.independent(graph)
    assert not tokens.independent(written)
    assert head.independent(written)
    sources = [head, tokens, graph, written]
    assert [(a.method, b.method) for a, b in pairs(sources)] == [
        ("lm-head", "tokens"),
        ("lm-head", "n2g"),
        ("lm-head", "explanations"),
    ]
    counts = witnesses(sources)
    assert (counts[0], counts[0b0001], counts[0b1110], counts[0b1111], counts[0b0011]) == (0, 1, 1, 2, 2)


def test_unknown_models_runs_and_layers_are_named(local: Store) -> None:
    with pytest.raises(QueryError, match="no model 'manny' in the store; did you mean many"):
        agreements(local, "manny")
    with pytest.raises(QueryError, match="no run 'lm-head-0' on 'gemma-3-270m' in the store; did you mean lm-head-1"):
        agreements(local, BASE, runs=["lm-head-0"])
    with pytest.raises(QueryError, match="has neurons of layers 0 in the store only"):
        agreements(local, "many", layers=[3])


def test_what_is_found_is_shown(local: Store) -> None:
    report = agreements(local, "many", top=3)
    assert report.title == "many"
    assert report.lead == "Two independent methods or more speak of 59 sides of neurons"
    pairs, sides = report.sections()
    assert pairs.rows[0][:3] == ("lm-head, tokens", 59, report.pairs[0].shared)
    first = report.agreements[0]
    assert sides.rows[0][:5] == (
        f"{first.neuron.removeprefix('many/')} +",
        first.q,
        first.score,
        first.null,
        "lm-head, tokens",
    )
    assert str(sides.rows[0][5]) == " · ".join(first.words)
    heads, rows = report.table()
    assert dict(zip(heads, rows[0], strict=True)) == plain_json(first)
    check_doors(report)
    check_doors(agreements(local, BASE, runs=["lm-head-1"]))


def test_every_kind_of_contradiction_is_shown(local: Store) -> None:
    report = disagreements(local, BASE, f1=0.6)
    check_doors(report)
    captions = [section.caption for section in report.sections()]
    assert captions == [
        "Sides by pair of methods",
        "The same words on opposite sides of the hidden value",
        "Clamps that push the decoded tokens the other way",
        "A coherent row and a good graph without a word in common",
    ]
    (pushed,) = report.sections()[2].rows
    assert pushed[:4] == (OTHER.removeprefix(f"{BASE}/"), "up -", -5.0, report.pushed[0].q)
    assert str(pushed[4]) == "June · early"
    (unshared,) = report.sections()[3].rows
    assert unshared[0] == EARLY.removeprefix(f"{BASE}/")
    assert unshared[2:4] == (report.unshared[0].coherence, report.unshared[0].f1)
