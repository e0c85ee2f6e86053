"""Findings from a note to its verdict, on each store: in a permuted copy, a fine-tune with neurons overwritten, and a
stranger."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.jobs.findings import CarryReport, default_author
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers.findings import Carry, carries
from neuronkb.schema import IdError, LinkError, QueryError, WeightsError
from neuronkb.tests import planted

MONTHS = "base/L1/N3"
LOST, MOVED = (6, 14), {3: 20, 9: 17}
"""of layer 1; 20 and 17 are overwritten by what moved there"""
LAYERS = range(planted.LAYERS)
NEURONS = range(planted.WIDTH)


@pytest.fixture
def kb(store: Store, planted_models: tuple[Path, Path], tmp_path: Path) -> KnowledgeBase:
    """The planted base decoded, with a note about every neuron of each layer."""
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    kb.lm_head.ingest(planted_models[0])
    for layer in LAYERS:
        kb.findings.add(f"layer {layer}", about=[f"base/L{layer}/N{i}" for i in NEURONS], author="me")
    return kb


@pytest.fixture
def base(planted_models: tuple[Path, Path]) -> Path:
    return planted_models[0]


def carried(kb: KnowledgeBase, folder: Path) -> CarryReport:
    """Decoded, linked and carried to."""
    kb.lm_head.ingest(folder)
    kb.links.make("base", folder.name)
    return kb.findings.carry("base", folder.name)


def verdicts(report: CarryReport) -> dict[str, tuple[str, str]]:
    return {one.source: (one.verdict, one.neuron) for one in report.carries}


def current(kb: KnowledgeBase) -> tuple[Carry, ...]:
    """The verdicts in the fine-tune that no later run stands in place of."""
    return tuple(one for one in carries(kb.db, base="base", tuned="tuned") if one.superseded_by is None)


def expected(name: str, judge: Callable[[int, int], tuple[str, int]]) -> dict[str, tuple[str, str]]:
    found = {}
    for layer in LAYERS:
        for i in NEURONS:
            said, place = judge(layer, i)
            found[f"base/L{layer}/N{i}"] = (said, f"{name}/L{layer}/N{place}")
    return found


def test_overwritten_neurons_are_lost_or_moved_and_the_rest_holds(
    kb: KnowledgeBase, base: Path, tmp_path: Path
) -> None:
    report = carried(kb, planted.overwritten(base, tmp_path / "chat", 1, LOST, MOVED))

    def judge(layer: int, i: int) -> tuple[str, int]:
        if layer == 1 and i in MOVED:
            return "moved", MOVED[i]
        return "lost" if layer == 1 and i in (*LOST, *MOVED.values()) else "holds", i

    assert verdicts(report) == expected("chat", judge)
    assert report.counts == {"holds": 42, "weakened": 0, "moved": 2, "lost": 4, "untested": 0}
    stored = kb.cypher(
        "MATCH (f:Finding)-[c:CARRIED_TO {verdict: 'moved'}]->(n:Neuron) RETURN f.text, c.source, n.id, c.cos_down "
        "ORDER BY n.index"
    ).rows
    assert [row[:3] for row in stored] == [
        ("layer 1", "base/L1/N9", "chat/L1/N17"),
        ("layer 1", "base/L1/N3", "chat/L1/N20"),
    ]
    assert min(row[3] for row in stored) > 0.99
    text = report.markdown()
    assert "42 holds, 2 moved, 4 lost" in text
    assert re.search(r"\| layer 1 +\| L1/N3 +\| moved +\| L1/N20 +\|", text)
    assert "| rows down " in text


def test_a_permuted_copy_is_found_neuron_by_neuron(kb: KnowledgeBase, base: Path, tmp_path: Path) -> None:
    places = planted.permuted(base, tmp_path / "shuffled")
    report = carried(kb, tmp_path / "shuffled")

    def judge(layer: int, i: int) -> tuple[str, int]:
        return "holds" if places[layer][i] == i else "moved", places[layer][i]

    assert verdicts(report) == expected("shuffled", judge)


def test_in_a_stranger_nothing_holds(kb: KnowledgeBase, tmp_path: Path) -> None:
    report = carried(kb, planted.base(tmp_path / "stranger", seed=99))
    assert verdicts(report) == expected("stranger", lambda layer, i: ("lost", i))


def test_a_neuron_that_writes_other_words_and_reads_the_same_is_weakened(
    kb: KnowledgeBase, planted_models: tuple[Path, Path]
) -> None:
    report = carried(kb, planted_models[1])
    months = next(one for one in report.carries if one.source == MONTHS)
    assert (months.verdict, months.neuron) == ("weakened", "tuned/L1/N3")
    said = {(m["kind"], m["name"]): m["outcome"] for m in months.measures}
    assert [said["rows", name] for name in ("gate", "up", "down")] == ["kept", "kept", "gone"]
    assert said["tokens", "down"] == "gone"
    assert report.counts["holds"] == 47


def test_again_is_the_same_run_and_other_evidence_a_new_one(
    kb: KnowledgeBase, planted_models: tuple[Path, Path]
) -> None:
    first = carried(kb, planted_models[1])
    before = kb.db.status().relationships["CARRIED_TO"]
    again = kb.findings.carry("base", "tuned")
    assert (again.run, again.carries) == (first.run, first.carries)
    assert kb.db.status().relationships["CARRIED_TO"] == before == 48
    note = kb.findings.add("writes months", about=[MONTHS], author="me", evidence=[first.run, "tuned/L1/N3"])
    second = kb.findings.carry("base", "tuned")
    assert second.run != first.run
    assert second.supersedes == first.run
    card = kb.findings.show(kb.findings.list(model="base").findings[0].id)
    assert {one.superseded_by for one in card.carried if one.run == first.run} == {second.run}
    assert {one.superseded_by for one in card.carried if one.run == second.run} == {None}
    assert len(current(kb)) == 49
    # What it was before is a third run, not the first again: the newest is always the current one.
    kb.findings.remove(note.id)
    third = kb.findings.carry("base", "tuned")
    assert (third.supersedes, third.run != first.run) == (second.run, True)
    assert verdicts(third) == verdicts(first)
    assert len(current(kb)) == 48
    assert kb.findings.carry("base", "tuned").run == third.run


def test_a_preview_writes_nothing_and_says_the_same(kb: KnowledgeBase, planted_models: tuple[Path, Path]) -> None:
    kb.lm_head.ingest(planted_models[1])
    kb.links.make("base", "tuned")
    before = kb.db.status()
    seen = kb.findings.carry("base", "tuned", preview=True)
    assert kb.db.status().nodes == before.nodes
    assert kb.db.status().relationships == before.relationships
    assert not kb.place.bundle(seen.run).exists()
    stored = kb.findings.carry("base", "tuned")
    assert stored.run == seen.run
    assert verdicts(stored) == verdicts(seen)
    assert [one.measures for one in stored.carries] == [one.measures for one in seen.carries]


def test_without_the_weights_the_links_numbers_judge(
    kb: KnowledgeBase, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried(kb, planted.overwritten(base, tmp_path / "chat", 1, LOST, MOVED))
    (tmp_path / "chat" / "model.safetensors").unlink()
    report = kb.findings.carry("base", "chat")
    assert report.note is not None
    assert "could not be read" in report.markdown()
    assert report.counts["holds"] == 42
    assert report.counts["moved"] == 0
    assert report.counts["lost"] + report.counts["weakened"] == 6


def test_a_bundle_takes_the_findings_to_another_store(kb: KnowledgeBase, planted_models: tuple[Path, Path]) -> None:
    report = carried(kb, planted_models[1])
    bundle = kb.place.bundle(report.run)
    assert Bundle.open(bundle).check() == []
    for finding in kb.findings.list().findings:
        kb.findings.remove(finding.id)
    assert "CARRIED_TO" not in kb.db.status().relationships
    kb.db.write("MATCH (r:Run {id: $run}) DETACH DELETE r", {"run": report.run})
    kb.db.write("MATCH (s:Shard) WHERE s.run = $run DELETE s", {"run": report.run})
    kb.bundles.load(bundle)
    assert [one.text for one in kb.findings.list().findings] == ["layer 0", "layer 1"]
    assert current(kb) == report.carries


def test_notes_are_added_once_listed_shown_and_removed(kb: KnowledgeBase) -> None:
    note = kb.findings.add(" months ", about=["base/1-mlp/3"], author="me")
    assert (note.text, note.about, note.model, note.author) == ("months", (MONTHS,), "base", "me")
    again = kb.findings.add("months", about=[MONTHS, MONTHS], author="me", evidence=["base"])
    assert (again.id, again.created, again.evidence) == (note.id, note.created, ("base",))
    assert kb.findings.add("months", about=[MONTHS], author="me").evidence == ("base",)
    assert len(kb.findings.list(model="base").findings) == 3
    with pytest.raises(QueryError, match="no model 'other' in the store; known: base"):
        kb.findings.list(model="other")
    assert kb.findings.show(note.id[:16]).finding == kb.findings.show(note.id[8:14]).finding
    assert kb.findings.show(note.id).carried == ()
    assert kb.findings.remove(note.id).finding.id == note.id
    with pytest.raises(QueryError, match="no finding is named"):
        kb.findings.show(note.id)
    assert kb.findings.add("x", about=[MONTHS]).author == default_author()


def test_what_is_refused(kb: KnowledgeBase, planted_models: tuple[Path, Path]) -> None:
    with pytest.raises(QueryError, match="needs a text and at least one neuron"):
        kb.findings.add("months", about=[])
    with pytest.raises(QueryError, match="needs a text"):
        kb.findings.add("  ", about=[MONTHS])
    with pytest.raises(QueryError, match="layers 0-1 and neurons 0-23"):
        kb.findings.add("months", about=["base/L7/N0"])
    with pytest.raises(IdError):
        kb.findings.add("months", about=["N3"])
    with pytest.raises(QueryError, match="of one model, not of base, tuned"):
        kb.findings.add("months", about=[MONTHS, "tuned/L1/N3"])
    with pytest.raises(QueryError, match="evidence 'probes-no' is no node or run"):
        kb.findings.add("months", about=[MONTHS], evidence=["base", "probes-no"])
    with pytest.raises(QueryError, match="several findings begin 'finding-'"):
        kb.findings.show("finding-")
    with pytest.raises(QueryError, match="no model 'tuned' in the store; known: base"):
        kb.findings.carry("base", "tuned")
    kb.lm_head.ingest(planted_models[1])
    with pytest.raises(LinkError, match="neuronkb links make base tuned"):
        kb.findings.carry("base", "tuned")
    kb.links.make("base", "tuned")
    with pytest.raises(WeightsError, match="are not those that"):
        kb.findings.carry("base", "tuned", tuned_weights=str(planted_models[0]))
    for note in kb.findings.list().findings:
        kb.findings.remove(note.id)
    with pytest.raises(QueryError, match="no finding about 'base'; add one with neuronkb findings add"):
        kb.findings.carry("base", "tuned")
