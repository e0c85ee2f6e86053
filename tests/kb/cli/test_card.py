"""Everything that is known of a neuron is on its card, whatever draws it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries.answers.neuron_sections import sections

from tests import everything
from tests.conftest import held
from tests.everything import EARLY, LATE, MONTHS, TUNED_MONTHS

OWN = "CREATE (:Note {id: 'note-7'})-[:REMARKS {why: 'seen in paper'}]->(n)"
MARKS = {
    "place": "layer 9 of 18",
    "decoded tokens": "May",
    "counterparts": TUNED_MONTHS,
    "features": "is_month",
    "explanations": "the months June and July",
    "clamps": "1x 4",
    "activity": "pole +",
    "roles": "assistant",
    "excerpts": "in early June",
    "graphs": "0.85",
    "neighbours": "weights",
    "driven": LATE,
    "driving": EARLY,
    "findings": "fires on months",
    "own relationships": "seen in paper",
    "runs": "feeds-1",
}
"""A word of each kind of evidence, as tests/everything.py and OWN have it."""
IN_PARTS = {
    "excerpts": ("in", " early", " June"),
    "clamps": ('"effect": 4.0',),
    "place": ('"layer": 9',),
    "activity": ('"nonzero": 0.5',),
}
"""As JSON has it: what is drawn as one text is a list there."""


@pytest.fixture(scope="module")
def kb(local_folder: Path) -> Iterator[KnowledgeBase]:
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        run = "MERGE (r:Run {id: $id}) SET r.job = 'feeds', r.model = $model, r.parameters = '{}'"
        store.write(run, {"id": "feeds-1", "model": everything.BASE})
        store.write(f"MATCH (n:Neuron {{id: $neuron}}) {OWN}", {"neuron": MONTHS})
        yield KnowledgeBase(store, str(local_folder))
        store.write("MATCH (n:Note) DETACH DELETE n")


@pytest.fixture(scope="module")
def doors(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The card as each draws it, without what only lays it out."""
    folder = tmp_path_factory.mktemp("card")
    page, markdown = folder / "n.html", folder / "n.md"
    asked = ["card", MONTHS, "--store", kb.where]
    terminal = CliRunner().invoke(cli, asked, env={"COLUMNS": "80"})
    assert terminal.exit_code == 0, terminal.output
    for file in (page, markdown):
        assert CliRunner().invoke(cli, [*asked, "--save", str(file)]).exit_code == 0
    card = kb.card(MONTHS)
    return {
        "terminal": terminal.output,
        "notebook": card._repr_html_(),
        "page": page.read_text(),
        "Markdown": markdown.read_text(),
        "print": str(card),
        "JSON": CliRunner().invoke(cli, [*asked, "--json"]).stdout,
        "MCP": json.dumps(card.brief()),
    }


@pytest.mark.parametrize("door", ["terminal", "notebook", "page", "Markdown", "print", "JSON", "MCP"])
@pytest.mark.parametrize("kind", list(MARKS))
def test_a_word_of_each_kind_of_evidence_is_there(doors: dict[str, str], door: str, kind: str) -> None:
    text = doors[door]
    if door in ("JSON", "MCP"):
        parts = IN_PARTS.get(kind, (MARKS[kind],))
        assert all(part in text or json.dumps(part) in text for part in parts)
    elif door in ("page", "notebook") and kind == "excerpts":
        assert all(f">{part.strip()}<" in text.replace("<i> </i>", "") for part in IN_PARTS[kind])
    else:
        # As a terminal shows a blank, and as Markdown keeps an underscore.
        assert MARKS[kind].lower() in text.replace("·", " ").replace("\\", "").lower()


def test_no_line_is_wider_than_the_terminal(doors: dict[str, str]) -> None:
    assert max(map(len, doors["terminal"].splitlines())) <= 80


def test_no_head_and_no_id_is_broken_over_two_lines(doors: dict[str, str]) -> None:
    for whole in (TUNED_MONTHS, EARLY, LATE, "kurtosis", "coherence", "activations-1"):
        assert whole in doors["terminal"]


def test_every_kind_of_a_card_has_a_section(kb: KnowledgeBase) -> None:
    """A field that nothing draws fails here."""
    card = kb.card(MONTHS)
    shown = sections(card)
    drawn = {"ends", "counterparts", "activity", "clamps", "detects", "explanations", "graphs", "similar", "feeds"}
    drawn |= {"findings", "own", "runs"}
    fields = {name for name, value in vars(card).items() if isinstance(value, tuple)}
    assert fields == drawn
    for name in drawn:
        assert getattr(card, name), name
        without = type(card)(**{**vars(card), name: ()})
        assert len(sections(without)) < len(shown), name
