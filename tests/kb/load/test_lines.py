"""A neuron's line is the first kind of evidence that says more than chance, whatever came or went in between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.cli.emit import FORMATS, Sink, emit, written
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load import lines as keeping
from neuronkb.kb.load import runs
from neuronkb.kb.load.loader import load
from neuronkb.kb.load.runs import remove
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers.lines import lines_of
from neuronkb.queries.result.line import NOTHING, UNMADE, Line, shortened
from neuronkb.schema import QueryError

from tests.filled import Filling
from tests.graph import contents
from tests.lined import CHANCE, EXPLAINED, GRAPHED, LINES, NEURONS, READS, TELLS, UNSEEN, WRITES, bundles


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The four bundles by run."""
    return bundles(tmp_path_factory.mktemp("lined"))


@pytest.fixture
def kb(filling: Filling, made: dict[str, Path]) -> KnowledgeBase:
    """All four loaded."""

    def loaded(kb: KnowledgeBase) -> None:
        for folder in made.values():
            load(kb.db, Bundle.open(folder))

    return filling.of(loaded)


def kept(store: Store) -> dict[str, Line]:
    return lines_of(store, NEURONS)


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_each_is_the_first_kind_above_its_null(kb: KnowledgeBase) -> None:
    assert kept(kb.db) == LINES


def test_the_order_of_loads_changes_nothing(store: Store, made: dict[str, Path]) -> None:
    for run in reversed(made):
        load(store, Bundle.open(made[run]))
    assert kept(store) == LINES


def test_what_a_run_gave_goes_with_it(kb: KnowledgeBase) -> None:
    """Then the next kind counts, and where nothing else looked at the neuron, there is no line."""
    store = kb.db
    remove(store, "explanations-1")
    assert kept(store)[EXPLAINED] == Line("fires on august, july", "graph", 0.9, 0.6, "n2g-1")
    remove(store, "n2g-1")
    assert kept(store)[EXPLAINED].text == kept(store)[GRAPHED].text == "alone tells noun"
    remove(store, "probes-1")
    assert {kept(store)[neuron].source for neuron in (EXPLAINED, GRAPHED, TELLS, WRITES)} == {"decoded"}
    remove(store, "lm-head-1")
    assert kept(store) == dict.fromkeys(NEURONS, UNMADE)


def test_what_a_person_says_comes_first_and_goes_when_it_is_taken_away(kb: KnowledgeBase) -> None:
    note = kb.findings.add("pushes months,\nafter 'in'", about=[EXPLAINED, UNSEEN], author="me")
    assert kept(kb.db)[EXPLAINED] == Line("pushes months, after 'in'", "finding")
    assert kept(kb.db)[UNSEEN].source == "finding"
    newer = kb.findings.add("writes months", about=[EXPLAINED], author="me")
    kb.db.write("MATCH (f:Finding {id: $id}) SET f.created = '2999'", {"id": newer.id})
    kb.neurons.lines("m")
    assert kept(kb.db)[EXPLAINED].text == "writes months"
    for finding in (newer, note):
        kb.findings.remove(finding.id)
    assert kept(kb.db) == LINES


def test_a_line_that_was_set_stays(kb: KnowledgeBase, made: dict[str, Path]) -> None:
    said = kb.neurons.set_line(CHANCE, "  my own\nwords ")
    assert said.line == kb.neurons.line(CHANCE).line == Line("my own words", "person")
    kb.findings.add("a note", about=[CHANCE], author="me")
    remove(kb.db, "lm-head-1")
    load(kb.db, Bundle.open(made["lm-head-1"]))
    kb.neurons.lines("m")
    assert kept(kb.db)[CHANCE].text == "my own words"
    assert kb.neurons.set_line(CHANCE, " ").line == Line("a note", "finding")


def test_the_same_again_writes_nothing(kb: KnowledgeBase) -> None:
    before = contents(kb.db)
    made = kb.neurons.lines("m")
    assert (made.neurons, made.changed) == (len(NEURONS), 0)
    assert made.sources == {"decoded": 2, "explanation": 1, "graph": 1, "feature": 1, "nothing": 1}
    assert contents(kb.db) == before


def test_a_verdict_that_holds_is_a_line_until_a_later_one_is_another(kb: KnowledgeBase) -> None:
    store = kb.db
    note = kb.findings.add("pushes months", about=[EXPLAINED], author="me")
    text = (
        "MATCH (f:Finding {id: $id}), (n:Neuron {id: $neuron}) CREATE (f)-[c:CARRIED_TO]->(n) "
        "SET c.source = $source, c.verdict = $verdict, c.run = $run "
        "CREATE (r:Run {id: $run, job: 'carry', model: 'm', started: $run})"
    )
    for run, verdict in (("carry-1", "holds"), ("carry-2", "lost")):
        asked = {"id": note.id, "neuron": UNSEEN, "source": EXPLAINED, "verdict": verdict, "run": run}
        store.write(text, asked)
        kb.neurons.lines("m")
        expected = Line("pushes months", "finding", run="carry-1") if verdict == "holds" else UNMADE
        assert kept(store)[UNSEEN] == expected
    remove(store, "carry-2")
    assert kept(store)[UNSEEN].run == "carry-1"
    remove(store, "carry-1")
    assert kept(store)[UNSEEN] == UNMADE


def test_a_load_that_was_cut_off_makes_them_when_it_goes_on(
    store: Store, made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb = KnowledgeBase(store, str(tmp_path / "store"))

    with monkeypatch.context() as cut:
        cut.setattr(keeping, "refresh_lines", killed)
        with pytest.raises(KeyboardInterrupt):
            load(store, Bundle.open(made["probes-1"]))
    assert keeping.unmade(store) == [("probes-1", "m")]
    assert [fault.mend for fault in kb.store.check().wrong] == ["make the lines anew: neuronkb neurons lines m"]
    assert load(store, Bundle.open(made["probes-1"])).total == 0
    assert kept(store)[TELLS] == LINES[TELLS]
    assert keeping.unmade(store) == []
    assert kb.store.check().ok


def test_the_check_of_a_store_makes_them_too(store: Store, made: dict[str, Path], tmp_path: Path) -> None:
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    load(store, Bundle.open(made["probes-1"]))
    store.write("MATCH (r:Run {id: 'probes-1'}) SET r.unlined = true")
    store.write("MATCH (n:Neuron {id: $id}) SET n.line = NULL, n.line_source = NULL", {"id": TELLS})
    assert not kb.store.check().ok
    assert kb.store.check(mend=True).ok
    assert kept(store)[TELLS] == LINES[TELLS]


def test_a_removal_that_was_cut_off_makes_them_when_it_goes_on(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(runs, "refresh_lines", killed)
        with pytest.raises(KeyboardInterrupt):
            remove(kb.db, "explanations-1")
    assert kept(kb.db)[EXPLAINED].source == "explanation"
    remove(kb.db, "explanations-1")
    assert kept(kb.db)[EXPLAINED].source == "graph"


def test_a_store_from_before_there_were_lines(kb: KnowledgeBase) -> None:
    kb.db.write(
        "MATCH (n:Neuron) SET n.line = NULL, n.line_source = NULL, n.line_score = NULL, n.line_null = NULL, "
        "n.line_run = NULL"
    )
    assert kept(kb.db) == dict.fromkeys(NEURONS, UNMADE)
    assert str(kb.neurons.line(TELLS).line) == ""
    assert "neuronkb neurons lines MODEL" in kb.neurons.line(TELLS).lead
    assert kb.neurons.lines("m").changed == len(NEURONS) - 1
    assert kept(kb.db) == LINES


def test_a_card_begins_with_it(kb: KnowledgeBase) -> None:
    place = "Layer 0 of 1, neuron {} of 7"
    assert kb.card(GRAPHED).lead.startswith(
        f"fires on august, july; after 'in' (graph 0.85, null 0.6). {place.format(1)}"
    )
    assert kb.card(CHANCE).lead == f"{NOTHING}. {place.format(5)}"
    assert kb.card(UNSEEN).lead.startswith(place.format(6))
    assert kb.card(READS).json()["line"]["source"] == "decoded"


def test_names_that_are_not_there(kb: KnowledgeBase) -> None:
    for ask in (kb.neurons.line, lambda neuron: kb.neurons.set_line(neuron, "x")):
        with pytest.raises(QueryError, match="no neuron 'm/L0/N99' in the store"):
            ask("m/L0/N99")
    with pytest.raises(QueryError, match="no model 'x' in the store"):
        kb.neurons.lines("x")
    assert lines_of(kb.db, ["m/L0/N99"]) == {"m/L0/N99": UNMADE}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("short", "short"),
        ("two\n lines", "two lines"),
        ("x" * 70, f"{'x' * 59}…"),
        (f"{'word ' * 11}abcdefgh", f"{'word ' * 10}word…"),
        (f"{'x' * 59} y", f"{'x' * 59}…"),
        ("\u202eturned", "<U+202E>turned"),
    ],
)
def test_a_cell_is_one_line_cut_at_a_word(text: str, cell: str) -> None:
    assert str(Line(text, "finding")) == cell
    assert len(shortened(text, 60)) <= 60


def test_records_are_drawn_everywhere(kb: KnowledgeBase, capsys: pytest.CaptureFixture[str]) -> None:
    for record in (kb.neurons.line(GRAPHED), kb.neurons.line(UNSEEN), kb.neurons.lines("m")):
        emit(record, Sink())
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
        for form in FORMATS[1:]:
            assert written(record, Sink(form)) is not None
    assert json.loads(written(kb.neurons.line(GRAPHED), Sink("json")))["line"]["score"] == 0.85
