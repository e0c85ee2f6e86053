from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.jobs.ratings import RANK, RATE, Sheet
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.loader import load
from neuronkb.kb.load.runs import remove
from neuronkb.kb.stores.base import Store
from neuronkb.schema import QueryError
from neuronkb.tests.kb.rated import MONTHS, TEXTS, fill

NEURON = str(MONTHS)


@pytest.fixture
def kb(store: Store, tmp_path: Path) -> KnowledgeBase:
    """A store with explanations to rate."""
    fill(store, tmp_path)
    return KnowledgeBase(store, str(tmp_path / "store"))


def months(kb: KnowledgeBase, rater: str, **how: object) -> Sheet:
    (sheet,) = kb.ratings.sheets("base", rater, neuron=NEURON, way="rank" if how.get("rank") else "rate")
    return sheet


def honest(sheet: Sheet) -> list[float]:
    """5 for the best explanation, 4 for the next, ..., 1 for what is another neuron's."""
    order = {text: 5.0 - i for i, text in enumerate(TEXTS)}
    return [max(1.0, order.get(one.text, 1.0)) for one in sheet.shown]


def test_a_sheet_hides_what_is_whose_and_can_be_drawn_again(kb: KnowledgeBase) -> None:
    sheet = months(kb, "ann")
    assert sheet == months(kb, "ann")
    assert len(sheet.shown) == 5
    assert {sheet.shown[i].text for i in sheet.own} == set(TEXTS[:4])
    (other,) = [one for one in sheet.shown if one.neuron != NEURON]
    assert other.text.startswith("something else")
    assert [e.band for e in sheet.excerpts] == ["top", "0.5-0.9"]
    drawn = [kb.ratings.sheets("base", "ann", neuron=NEURON, seed=seed)[0] for seed in range(8)]
    orders = {tuple(one.text for one in sheet.shown) for sheet in drawn}
    assert len(orders) > 1


def test_every_side_comes_once(kb: KnowledgeBase) -> None:
    sheets = kb.ratings.sheets("base", "ann")
    assert len(sheets) == len({sheet.neuron for sheet in sheets}) == 6
    assert len(kb.ratings.sheets("base", "ann", count=2)) == 2
    kb.ratings.save(sheets[0], "ann", [3.0] * len(sheets[0].shown))
    assert {s.neuron for s in kb.ratings.sheets("base", "ann")} == {s.neuron for s in sheets[1:]}
    assert len(kb.ratings.sheets("base", "bob")) == 6
    assert len(kb.ratings.sheets("base", "ann", way="rank")) == 6


def test_what_is_kept(kb: KnowledgeBase) -> None:
    sheet = months(kb, "ann")
    assert kb.ratings.save(sheet, "ann", honest(sheet), seed=3) == 4
    rows = kb.cypher(
        "MATCH (n:Neuron {id: $n})<-[:OF]-(s:Score {scorer: 'human'})<-[:SCORED]-(e:Explanation) "
        "RETURN e.text AS text, s.value AS value, s.null AS other, s.rater AS rater, s.formula AS formula, "
        "s.n AS n, s.pole AS pole, s.seed AS seed ORDER BY value DESC",
        n=NEURON,
    ).dicts()
    assert [(row["text"], row["value"]) for row in rows] == list(zip(TEXTS, [5, 4, 3, 2], strict=False))
    assert {(row["other"], row["rater"], row["formula"], row["n"], row["pole"], row["seed"]) for row in rows} == {
        (1.0, "ann", RATE, 5, 1, 3)
    }
    (run,) = [run for run in kb.runs.list().dicts() if run["job"] == "ratings"]
    assert run["model"] == "base"


def given(kb: KnowledgeBase) -> dict[str, float]:
    """What the graph says, by text: one score of each."""
    rows = kb.cypher("MATCH (s:Score {scorer: 'human'})<-[:SCORED]-(e:Explanation) RETURN e.text, s.value").rows
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_a_rating_given_again_counts_and_the_old_one_stays_in_the_bundle(kb: KnowledgeBase) -> None:
    sheet = months(kb, "ann")
    first, second = honest(sheet), [6 - value for value in honest(sheet)]
    kb.ratings.save(sheet, "ann", first)
    before = given(kb)
    for values in (second, second, first, second):  # the same again is no revision
        assert kb.ratings.save(months(kb, "ann"), "ann", values) == 4
        assert given(kb) == {text: value if values == first else 6 - value for text, value in before.items()}
    (report,) = kb.ratings.report("base").raters
    assert (report.rated, report.mean, report.null) == (4, 2.5, 5.0)
    (run,) = [run for run in kb.runs.list().dicts() if run["job"] == "ratings"]
    bundle = Bundle.open(kb.place.bundle(run["run"]))
    assert sorted(rows.column("revision")[0].as_py() for rows in bundle.tables("Score")) == [1, 2, 3, 4]
    assert {rows.num_rows for rows in bundle.tables("Score")} == {4}
    assert bundle.run.summary["sheets"] == 1
    assert bundle.check() == []


def test_a_bundle_of_ratings_shows_the_newest_in_every_store(store: Store, kb: KnowledgeBase, tmp_path: Path) -> None:
    """In one that has the older ones, and in one that has none."""
    sheet = months(kb, "ann")
    kb.ratings.save(sheet, "ann", honest(sheet))
    (run,) = [run["run"] for run in kb.runs.list().dicts() if run["job"] == "ratings"]
    folder = kb.place.bundle(run)
    shutil.copytree(folder, tmp_path / "older")
    kb.ratings.save(sheet, "ann", [1.0] * 5)
    newest = given(kb)
    assert set(newest.values()) == {1.0}
    remove(store, run)
    for bundles in ([folder], [tmp_path / "older", folder], [folder, tmp_path / "older"]):
        for each in bundles:
            load(store, Bundle.open(each))
        assert given(kb) == newest
        remove(store, run)


def test_agreement_with_the_score_and_between_people(kb: KnowledgeBase) -> None:
    for rater in ("ann", "bob"):
        sheet = months(kb, rater)
        given = honest(sheet) if rater == "ann" else [6 - value for value in honest(sheet)]
        kb.ratings.save(sheet, rater, given)
    found = kb.ratings.report("base")
    by_rater = {one.rater: one for one in found.raters}
    assert by_rater["ann"].automatic.spearman == pytest.approx(1)
    assert by_rater["bob"].automatic.kendall == pytest.approx(-1)
    assert by_rater["ann"].rated == by_rater["ann"].automatic.n == 4
    assert (by_rater["ann"].mean, by_rater["ann"].null) == (3.5, 1.0)
    assert by_rater[None].rated == 8
    gaps = by_rater["ann"].preferences
    assert sum(gap.pairs for gap in gaps) == sum(gap.agreed for gap in gaps) == 6
    (pair,) = found.pairs
    assert {pair.first, pair.second} == {"ann", "bob"}
    assert pair.agreement.n == 4
    assert pair.agreement.spearman == pytest.approx(-1)
    assert kb.ratings.report("base", formula="none").raters[0].automatic.n == 0


def test_rankings(kb: KnowledgeBase) -> None:
    sheet = months(kb, "ann", rank=True)
    order = sorted(
        range(5), key=lambda i: (i not in sheet.own, TEXTS.index(sheet.shown[i].text) if i in sheet.own else 0)
    )
    places = [float(order.index(i) + 1) for i in range(5)]
    kb.ratings.save(sheet, "ann", places, way="rank")
    (row,) = kb.ratings.report("base").raters
    assert (row.formula, row.rated, row.null) == (RANK, 4, 0.0)
    assert row.mean == pytest.approx((1 + 0.75 + 0.5 + 0.25) / 4)
    assert row.automatic.kendall == pytest.approx(1)


@pytest.mark.parametrize(("way", "given"), [("rate", [1, 2, 3]), ("rate", [0, 1, 2, 3, 4]), ("rank", [1, 1, 2, 3, 4])])
def test_values_that_are_none(kb: KnowledgeBase, way: str, given: list[float]) -> None:
    sheet = months(kb, "ann")
    with pytest.raises(QueryError, match="expected"):
        kb.ratings.save(sheet, "ann", given, way="rank" if way == "rank" else "rate")


def test_nothing_to_rate(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="no model 'other' in the store; known: base"):
        kb.ratings.sheets("other", "ann")
    kb.db.write("CREATE (:Model {id: 'other'})")
    with pytest.raises(QueryError, match="no explanations of 'other'"):
        kb.ratings.sheets("other", "ann")
    with pytest.raises(QueryError, match="no neuron 'base/L0/N0' in the store"):
        kb.ratings.sheets("base", "ann", neuron="base/L0/N0")
    assert kb.ratings.report("base").raters == ()
