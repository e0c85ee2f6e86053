"""Neurons by several criteria, on hand-made evidence of all methods: each criterion, and all of them together."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.queries.answers.criteria import Criteria, FoundNeurons, find
from neuronkb.queries.answers.criterion import Reason
from neuronkb.queries.answers.criterion_links import Own
from neuronkb.schema import LinkError, QueryError, fold

from tests import everything
from tests.conftest import clear, empty
from tests.everything import (
    BASE,
    DEAD,
    EARLY,
    LATE,
    MONTHS,
    NEURONS,
    OTHER,
    TOKENS,
    TUNED,
    TUNED_MONTHS,
    TUNED_OTHER,
)
from tests.neo4j_server import Server

SUMMARY = json.dumps({"ranked_tokens": 1000, "k": 3, "sides": 5})
"""Of the decoding of the base: what its null needs."""


def load(store: Store) -> None:
    """All evidence, with a null of words, a sparse neuron and a number of people's own."""
    rows = everything.everything()
    for run in rows["Run"]:
        if run["job"] == "lm-head":
            run["parameters"] = '{"k": 2}'
        run["summary"] = SUMMARY if run["id"] == "lm-head-1" else run.get("summary", "{}")
    for stats in rows["Stats"]:
        if stats["kind"] == "activations" and stats["id"].startswith(OTHER):
            stats["kurtosis"] = 25.0
            stats["mean"] = 1.5
    everything.load(store, rows)
    for neuron, value in ((MONTHS, 0.7), (OTHER, 0.5), (TUNED_MONTHS, -1)):
        store.write("MATCH (n:Neuron {id: $id}) SET n.selectivity = $value", {"id": neuron, "value": value})
    store.write("MATCH (n:Neuron {id: $id}) SET n.note = 'odd'", {"id": EARLY})


@pytest.fixture(scope="module", params=["local", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def reader(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each store with all of it; left without it, for a property of ours is in no label's clearing."""
    if request.param == "local":
        folder: Path = request.getfixturevalue("local_folder")
        with LocalStore.open(folder) as store:
            clear(store)
            load(store)
            yield store
            clear(store)
    else:
        server: Server = request.getfixturevalue("neo4j_server")
        empty(server)
        with Neo4jStore.open(server.uri, server.user, server.password) as store:
            store.setup()
            load(store)
            yield store
        empty(server)


def hits(reader: Store, criteria: Criteria) -> list[str]:
    return [hit.neuron for hit in find(reader, criteria).hits]


def whys(reader: Store, criteria: Criteria) -> list[str]:
    """The first hit's reasons."""
    return [reason.why for reason in find(reader, criteria).hits[0].reasons]


NEAR: dict[str, float | Reason] = {MONTHS: 0.9, TUNED_OTHER: 0.4, EARLY: Reason("near", "like months: 0.5", 0.5, 0.1)}
SINGLE: dict[str, tuple[Criteria, list[str]]] = {
    "words of one side": (Criteria(words=("june", "July", "may")), [MONTHS]),
    "two of three words": (Criteria(words=("june", "July", "may"), least_words=2), [MONTHS]),
    "a word anywhere": (Criteria(words=("dog",)), [OTHER, TUNED_OTHER, MONTHS, TUNED_MONTHS, EARLY]),
    "an exact token": (Criteria(words=("june",), exact=True), [OTHER]),
    "feature": (Criteria(feature="month"), [MONTHS, OTHER, TUNED_OTHER]),
    "feature from an F1 on": (Criteria(feature="is_month", min_f1=0.85), [MONTHS, OTHER]),
    "any feature": (Criteria(min_f1=0.75), [MONTHS, OTHER]),
    "score": (Criteria(min_score=0.5), [MONTHS]),
    "coherent": (Criteria(coherent=0.65), [MONTHS, OTHER]),
    "graph": (Criteria(activates_on="June"), [MONTHS]),
    "graph of an exact token": (Criteria(activates_on="June", exact=True), []),
    "context": (Criteria(context="early"), [MONTHS]),
    "dead": (Criteria(statistic="dead"), [DEAD]),
    "dense": (Criteria(statistic="dense"), [OTHER]),
    "sparse": (Criteria(statistic="sparse"), [OTHER]),
    "layers": (Criteria(layers=(10, 8)), [EARLY, LATE]),
    "layers of a model": (Criteria(layers=(9,), model=TUNED), [TUNED_MONTHS, TUNED_OTHER]),
    "changed": (Criteria(changed_in=TUNED), [MONTHS]),
    "changed of its base": (Criteria(changed_in=BASE), [TUNED_MONTHS]),
    "kept": (Criteria(kept_in=TUNED), [OTHER]),
    "kept from a cosine on": (Criteria(kept_in=TUNED, kept_from=0.995), []),
    "own": (Criteria(own=(Own.read("selectivity > 0.5"),)), [MONTHS]),
    "own at least": (Criteria(own=(Own.read("selectivity>=0.5"),)), [MONTHS, OTHER]),
    "own below": (Criteria(own=(Own("selectivity", "<", 0.7),)), [TUNED_MONTHS, OTHER]),
    "own equal": (Criteria(own=(Own("selectivity", "=", -1),)), [TUNED_MONTHS]),
    "own text": (Criteria(own=(Own("note", "<", 3),)), []),
    "near": (Criteria(near=NEAR), [MONTHS, EARLY, TUNED_OTHER]),
    "near without scores": (Criteria(near=frozenset(NEAR)), [MONTHS, EARLY, TUNED_OTHER]),
    "near of a model": (Criteria(near={**NEAR, "no neuron": 1.0}, model=TUNED), [TUNED_OTHER]),
}


@pytest.mark.parametrize("name", SINGLE)
def test_one_criterion(reader: Store, name: str) -> None:
    criteria, expected = SINGLE[name]
    found = find(reader, criteria)
    assert [hit.neuron for hit in found.hits] == expected if "near without" not in name else sorted(expected)
    assert {hit.neuron for hit in found.hits} == set(expected)
    assert found.of == len(expected)
    assert all(len(hit.reasons) == 1 and hit.reasons[0].why for hit in found.hits)
    assert bool(found.warnings) == (not expected)
    assert bool(found.sections()) == bool(expected)


def both(one: Criteria, other: Criteria) -> Criteria | None:
    """Both together; None where they give the same field differently."""
    plain = Criteria()
    given: dict[str, Any] = {}
    for criteria in (one, other):
        for name in Criteria.__dataclass_fields__:
            value = getattr(criteria, name)
            if value != getattr(plain, name) and given.setdefault(name, value) != value:
                return None
    # An exact text is asked of graphs and of words alike.
    if one.exact != other.exact and all(c.words or c.activates_on for c in (one, other)):
        return None
    # A model leaves out neurons of each.
    return None if one.model != other.model else Criteria(**given)


def columns(criteria: Criteria) -> set[str]:
    return {each.name for each in criteria.asked()}


@pytest.mark.long("neo4j")
def test_two_criteria_are_the_neurons_of_both(reader: Store) -> None:
    alone = {name: set(hits(reader, criteria)) for name, (criteria, _) in SINGLE.items()}
    tried = 0
    for one, other in combinations(SINGLE, 2):
        pair = both(SINGLE[one][0], SINGLE[other][0])
        if pair is None or columns(SINGLE[one][0]) & columns(SINGLE[other][0]):
            continue
        found = find(reader, replace(pair, top=1000))
        assert {hit.neuron for hit in found.hits} == alone[one] & alone[other], f"{one} and {other}"
        assert found.of == len(found.hits)
        assert all(len(hit.reasons) == 2 for hit in found.hits)
        assert bool(found.warnings) == (not found.hits)
        tried += 1
    assert tried > 150


def named(neuron: str, words: list[str], least: int) -> bool:
    """Whether the rows say that a place of the neuron names so many of the words."""
    rows = everything.everything()
    places: dict[Any, set[str]] = defaultdict(set)
    for table in ("Neuron.DECODES_TO.Token", "Neuron.FIRES_ON_TOKEN.Token", "Neuron.ACTIVATES_ON.Term"):
        for row in rows[table]:
            if row["start"] == neuron:
                word = row["end"] if table.endswith("Term") else fold(TOKENS[int(row["end"].removeprefix("t0/T"))])
                places[table, row["run"], row.get("projection"), row["pole"]].add(word)
    return any(len(held & set(words)) >= least for held in places.values())


@settings(max_examples=25)
@given(st.lists(st.sampled_from(sorted({*map(fold, TOKENS), "cat"})), min_size=1, unique=True), st.data())
def test_words_are_those_of_one_place(reader: Store, words: list[str], data: st.DataObject) -> None:
    least = data.draw(st.none() | st.integers(1, len(words)))
    usual = len(words) if len(words) < 3 else 3
    expected = {neuron for neuron in NEURONS if named(neuron, words, least or usual)}
    assert set(hits(reader, Criteria(words=tuple(words), least_words=least))) == expected


def test_order_is_by_words_then_by_z(reader: Store) -> None:
    assert hits(reader, Criteria(words=("june", "dog"), least_words=1))[:3] == [MONTHS, TUNED_MONTHS, OTHER]
    found = find(reader, Criteria(words=("june", "dog"), least_words=1, top=2))
    assert (len(found.hits), found.of) == (2, 5)
    assert found.title == "5 neurons meet all criteria; the first 2"


def test_why_a_neuron_was_found(reader: Store) -> None:
    words = whys(reader, Criteria(words=("june", "july", "may")))[0]
    assert words.startswith("down +: june, july, may (decoded, by chance ")
    assert words.endswith(
        "; side +: june, july (corpus); side +: june, july (graph); up +: june (decoded, by chance 0.06)"
    )
    assert whys(reader, Criteria(feature="month", min_f1=0.9)) == ["is_month: F1 0.9, chance 0.4"]
    assert whys(reader, Criteria(min_score=0.75)) == ['+: "June, July": r 0.8, chance 0.1']
    assert whys(reader, Criteria(coherent=0.75)) == ["down +: coherence 0.8 (June, July, May)"]
    assert whys(reader, Criteria(activates_on="july")) == ["+: fires on July, activation 0.7"]
    both_words = Criteria(activates_on="june", context="early")
    assert whys(reader, both_words) == ["+: fires on June, activation 1; needs early, importance 0.4"]
    assert whys(reader, Criteria(context="early")) == ["+: needs early, importance 0.4"]
    assert whys(reader, Criteria(statistic="dead")) == ["dead: largest value 0.001, median of the layer 6"]
    assert whys(reader, Criteria(changed_in=TUNED)) == ["least cosine 0.5; correlation 0.5, chance 0.1"]
    assert whys(reader, Criteria(own=(Own.read("selectivity > 0.5"),))) == ["selectivity 0.7"]
    assert whys(reader, Criteria(near=NEAR)) == ["near in meaning: 0.9"]
    assert find(reader, Criteria(near=NEAR)).hits[1].reasons == (NEAR[EARLY],)


def test_numbers_of_a_reason_stand_beside_their_null(reader: Store) -> None:
    found = find(reader, Criteria(words=("june", "july"), feature="month", min_score=0.5, layers=(9,)))
    reasons = {reason.criterion: reason for reason in found.hits[0].reasons}
    assert list(reasons) == ["words", "feature", "score", "layers"]
    assert (reasons["words"].score, reasons["feature"].score, reasons["score"].score) == (2, 0.9, 0.8)
    assert (reasons["feature"].null, reasons["score"].null) == (0.4, 0.1)
    # Three of 1000 tokens drawn, of which three spell the words (June, june, July): on 5 sides at least two of them.
    assert reasons["words"].null == pytest.approx(5 * (comb(3, 2) * 997 + 1) / comb(1000, 3))
    (table,) = found.sections()
    assert table.columns == ("neuron", "words", "feature", "score", "layers")
    assert table.rows[0][0] == MONTHS


def test_a_run_restricts_the_criteria_that_its_job_makes(reader: Store) -> None:
    asked = Criteria(words=("june",), feature="month")
    assert hits(reader, asked) == [MONTHS, OTHER]
    assert hits(reader, replace(asked, run="activations-1")) == [MONTHS, OTHER]
    assert hits(reader, replace(asked, run="probes-2")) == []
    assert hits(reader, replace(asked, run="lm-head-2")) == []
    assert hits(reader, Criteria(words=("june",), run="lm-head-2")) == [TUNED_MONTHS]
    with pytest.raises(QueryError, match="run 'link-1' is of 'link', which no criterion given looks at"):
        find(reader, replace(asked, run="link-1"))


def test_a_criterion_that_nothing_meets_is_said(reader: Store) -> None:
    found = find(reader, Criteria(words=("june",), feature="month", min_f1=0.95, model=BASE))
    assert found.warnings == (
        f"no neuron of {BASE} tells month with an F1 of at least 0.95; without it 2 would be left",
    )
    found = find(reader, Criteria(statistic="dead", feature="month", model=BASE))
    assert found.warnings == (
        f"no neuron of {BASE} meets all criteria; without feature 1, without statistic 2 would be left",
    )
    found = find(reader, Criteria(words=("june",), layers=(3,)))
    assert found.warnings == ("no neuron that meets another criterion is in layer 3; without it 3 would be left",)
    assert find(reader, Criteria(layers=(99,))).warnings == ("no neuron is in layer 99",)
    assert find(reader, Criteria(words=("zebra",))).warnings == ("no neuron names 'zebra' on one side",)


def test_a_bound_that_was_hit_is_said(reader: Store) -> None:
    assert find(reader, Criteria(feature="month"), most=3).warnings == ()
    found = find(reader, Criteria(words=("june",), layers=(9,)), most=1)
    assert found.warnings == ("words: only the best 1 rows of a query were looked at; neurons may be missing",)
    assert found.of < len(hits(reader, Criteria(words=("june",), layers=(9,))))


@pytest.mark.parametrize(
    ("criteria", "error", "message"),
    [
        (Criteria(), QueryError, "no criterion to find neurons by"),
        (Criteria(model=BASE), QueryError, "no criterion to find neurons by"),
        (Criteria(words=("june",), model="gemma"), QueryError, f"no model 'gemma' in the store; did you mean {BASE}"),
        (
            Criteria(words=("june",), run="lm-head-3"),
            QueryError,
            "no run 'lm-head-3' in the store; did you mean lm-head",
        ),
        (Criteria(feature="is_mounth"), QueryError, "no feature 'is_mounth' in the store; did you mean is_month"),
        (Criteria(kept_in="gemma"), QueryError, "no model 'gemma' in the store"),
        (
            Criteria(kept_in=BASE, model=BASE),
            LinkError,
            f"'{BASE}' is not linked to '{BASE}'; run: neuronkb links make",
        ),
        (Criteria(words=("june",), least_words=2), QueryError, "least words is 2, expected 1 to 1"),
        (Criteria(layers=(9,), least_words=2), QueryError, "least words 2 of no words"),
        (Criteria(words=(" ",)), QueryError, "' ' spells no word"),
        (Criteria(words=("june",), top=-1), QueryError, "top is -1, expected 0 neurons or more"),
        (
            Criteria(own=(Own("selectivty", ">", 0),)),
            QueryError,
            "no property 'selectivty' on neurons; did you mean sel",
        ),
        (Criteria(statistic="dead", model=TUNED), QueryError, "activations of '.*' is not in the store"),
    ],
)
def test_what_is_wrong_is_named(reader: Store, criteria: Criteria, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        find(reader, criteria)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selectivity", "'selectivity' compares no number"),
        ("> 3", "'> 3' compares no number"),
        ("selectivity > much", "compares no number; expected a text such as 'selectivity > 0.5'"),
        ("layer > 3", "'layer' is a property of the schema"),
    ],
)
def test_a_comparison_that_is_none(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)):
        Own.read(text)
    assert Own.read("a b <= -2e1") == Own("a b", "<=", -20.0)


@pytest.mark.parametrize("near", [None, frozenset({MONTHS}), {MONTHS: 0.9}])
def test_json_says_what_was_meant_and_not_all_that_was_near(near: Any) -> None:
    said = FoundNeurons(Criteria(words=("june",), meaning="summer", near=near), (), 0).json()["criteria"]
    assert (said["words"], said["meaning"], "near" in said) == (["june"], "summer", False)
