"""A neuron in base and fine-tune, on hand-made evidence: each kind side by side, and what one of them lacks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries.answers.beside_parts import Side, lacking, rows_beside
from neuronkb.schema import QueryError

from tests import everything
from tests.conftest import held
from tests.drawn import check_doors, terminal
from tests.everything import BASE, DEAD, MONTHS, OTHER, TUNED, TUNED_MONTHS, TUNED_OTHER

THIRD = "gemma-3-270m-chat"


@pytest.fixture(scope="module")
def kb(local_folder: Path) -> Iterator[KnowledgeBase]:
    """The evidence of tests/everything.py, with a second fine-tune that was linked later."""
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        there = f"{THIRD}/L9/N189"
        neuron = {"id": there, "model": THIRD, "layer": 9, "index": 189}
        run = {"id": "link-2", "job": "link", "model": THIRD, "parameters": '{"base": "x"}', "started": "2026-02-01"}
        counterpart = {"start": OTHER, "end": there, "run": "link-2", "cos_down": 1.0, "delta_down": 0.0}
        rows: everything.Rows = {
            "Model": [{"id": THIRD, "tokenizer": "t0", "weights": "unverified"}],
            "Neuron": [neuron],
        }
        everything.load(store, {**rows, "Run": [run], "Neuron.COUNTERPART.Neuron": [counterpart]})
        yield KnowledgeBase(store, "unused")


def test_rows_stand_beside_noise_as_long_as_their_change(kb: KnowledgeBase) -> None:
    found = kb.neurons.beside(MONTHS)
    assert (found.base, found.tuned, found.run) == (MONTHS, TUNED_MONTHS, "link-1")
    assert [(row.projection, row.cosine, row.change) for row in found.rows] == [
        ("gate", 0.5, 0.2),
        ("up", 0.5, 0.2),
        ("down", 0.5, 0.2),
    ]
    assert found.rows[0].noise == pytest.approx(1 / math.sqrt(1.04))
    # Half the way round: a change of sqrt(2) turns a row by 54.7 degrees, if it is noise.
    assert rows_beside({"cos_up": -1.0, "delta_up": math.sqrt(2)})[0].noise == pytest.approx(1 / math.sqrt(3))
    assert found.same_text is not None
    assert (found.same_text.r, found.same_text.null_r, found.same_text.error) == (0.5, 0.1, 0.01)


def test_either_of_the_two_names_the_same_pair(kb: KnowledgeBase) -> None:
    assert kb.neurons.beside(TUNED_MONTHS).json() == kb.neurons.beside(MONTHS).json()


def test_tokens_are_kept_lost_and_gained(kb: KnowledgeBase) -> None:
    found = {(end.projection, end.pole): end for end in kb.neurons.beside(MONTHS).ends}
    down = found["down", 1]
    assert (down.kept, down.lost, down.gained) == ((" June",), (" July", " May"), (" dog",))
    assert (down.same_top, down.jaccard, down.note) == (True, 0.5, None)
    up = found["up", 1]
    assert (up.kept, up.lost, up.gained, up.tuned) == ((), (), (), None)
    assert up.note == f"only in {BASE}"  # the fine-tune is decoded: there is nothing to run


def test_what_one_has_alone_says_so_with_the_command(kb: KnowledgeBase) -> None:
    found = kb.neurons.beside(MONTHS)
    by_name = {(one.name, one.method): one for one in found.features}
    month = by_name["is_month", "logistic"]
    assert month.base is not None
    assert (month.base.f1, month.tuned, month.note) == (0.9, None, f"only in {BASE}")
    (graph,) = found.graphs
    assert graph.base is not None
    assert (graph.base.f1, graph.base.by_token, graph.tuned) == (0.85, 0.6, None)
    assert graph.note == f"only in {BASE}; neuronkb n2g ingest {TUNED} --corpus TEXTS"
    (activity,) = found.activity
    assert activity.base is not None
    assert (activity.corpus, activity.base.max, activity.base.dead, activity.base.dense) == ("c0", 8.0, False, False)
    assert activity.note == f"only in {BASE}; neuronkb activations ingest {TUNED} --corpus TEXTS"
    assert [(one.evidence, one.model) for one in found.missing] == [
        ("activations", TUNED),
        ("n2g", TUNED),
        ("explanations", TUNED),
    ]
    unread = kb.neurons.beside(OTHER)
    assert unread.same_text is None
    assert unread.missing[0].command == f"neuronkb links make {BASE} {THIRD} --corpus TEXTS"


def test_an_explanation_stands_with_its_score_on_the_other(kb: KnowledgeBase) -> None:
    text, table = sorted(kb.neurons.beside(MONTHS).explanations, key=lambda one: one.kind)
    assert (text.kind, text.of, text.note) == ("text", "base", None)
    assert text.base is not None
    assert text.tuned is not None
    assert (text.base.value, text.base.null, text.tuned.value, text.tuned.null) == (0.7, 0.1, 0.2, 0.1)
    assert table.tuned is None
    assert table.note == f"only in {BASE}; neuronkb explanations ingest {TUNED}"


def test_findings_with_what_became_of_them(kb: KnowledgeBase) -> None:
    (carried,) = kb.neurons.beside(MONTHS).findings
    assert (carried.about, carried.verdict, carried.neuron, carried.reason) == (
        MONTHS,
        "weakened",
        TUNED_MONTHS,
        "cosine 0.5",
    )
    (waiting,) = kb.neurons.beside(OTHER, model=TUNED).findings
    assert (waiting.verdict, waiting.note) == (None, f"neuronkb findings carry {BASE} {TUNED}")


def test_of_several_counterparts_the_newest_or_the_one_asked_for(kb: KnowledgeBase) -> None:
    newest = kb.neurons.beside(OTHER)
    assert (newest.tuned_model, newest.others) == (THIRD, (TUNED_OTHER,))
    asked = kb.neurons.beside(OTHER, model=TUNED)
    assert (asked.tuned, asked.others) == (TUNED_OTHER, (f"{THIRD}/L9/N189",))
    assert kb.neurons.beside(OTHER).rows[0].noise == 1.0  # what did not change is not turned


def test_without_a_counterpart_the_mend_is_named(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match=f"neuronkb links make {BASE} {TUNED} --layers 9"):
        kb.neurons.beside(DEAD)
    with pytest.raises(
        QueryError, match=rf"no counterpart in '{THIRD}' \(it has {TUNED_MONTHS}\); neuronkb links make"
    ):
        kb.neurons.beside(MONTHS, model=THIRD)
    with pytest.raises(QueryError, match="no model 'gpt2'"):
        kb.neurons.beside(MONTHS, model="gpt2")
    with pytest.raises(QueryError, match="is the model of"):
        kb.neurons.beside(MONTHS, model=BASE)
    with pytest.raises(QueryError, match="no neuron"):
        kb.neurons.beside(f"{BASE}/L9/N1")


def test_a_row_of_both_has_no_note() -> None:
    sides = Side("a/L0/N0", "a", 0, frozenset()), Side("b/L0/N0", "b", 0, frozenset({"import-n2g"}))
    assert lacking("n2g", sides, (True, True)) is None
    assert lacking("n2g", sides, (True, False)) == "only in a"  # b has graphs, of other neurons
    assert lacking("n2g", sides, (False, True)) == "only in b; neuronkb n2g ingest a --corpus TEXTS"


def test_every_door_draws_it(kb: KnowledgeBase) -> None:
    found = kb.neurons.beside(MONTHS)
    check_doors(found)
    assert "0.50000" in terminal(found)
