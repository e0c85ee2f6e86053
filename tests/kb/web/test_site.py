"""A model's pages as files: they lead to each other and nowhere else, and say what the server's pages say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.kb.web.site import write_site
from neuronkb.schema import NotFoundError, QueryError
from neuronkb.tests import hostile
from neuronkb.tests.everything import BASE, MONTHS, OTHER, TUNED_MONTHS

from tests.kb.web.links import broken


@pytest.fixture(scope="module")
def kb(plain: KnowledgeBase) -> KnowledgeBase:
    return plain


def test_pages_lead_to_each_other_alone(kb: KnowledgeBase, tmp_path: Path) -> None:
    out = tmp_path / "site"
    made = write_site(kb.session, BASE, out)
    pages = sorted(out.rglob("*.html"))
    assert (made.pages, made.model) == (len(pages), BASE)
    assert made.neurons == len(list((out / "neuron").iterdir()))
    assert made.bytes == sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    assert broken(out) == []
    assert (out / "index.html").is_file()
    assert len(list((out / "tuned").iterdir())) == 1
    text = (out / "index.html").read_text("utf-8")
    lined = kb.queries.run("lined_neurons", model=BASE, top=200)
    assert [row.neuron in text for row in lined] == [True] * made.neurons


def test_neurons_are_those_named_or_all(kb: KnowledgeBase, tmp_path: Path) -> None:
    named = write_site(kb.session, BASE, tmp_path / "two", [MONTHS, "L9/N189", MONTHS])
    assert named.neurons == 2
    text = (tmp_path / "two/index.html").read_text("utf-8")
    assert MONTHS in text
    assert OTHER in text
    every = write_site(kb.session, BASE, tmp_path / "all", top=None)
    assert every.neurons == len(kb.queries.run("neurons_of_model", model=BASE).rows)
    assert TUNED_MONTHS not in (tmp_path / "all/index.html").read_text("utf-8").split("Layers")[0]


def test_what_is_not_there_or_not_ours_is_left_alone(kb: KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no model 'gpt2' in the store"):
        write_site(kb.session, "gpt2", tmp_path / "none")
    with pytest.raises(NotFoundError, match="no neuron"):
        write_site(kb.session, BASE, tmp_path / "none", ["L99/N0"])
    assert not (tmp_path / "none").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "paper.tex").write_text("x")
    with pytest.raises(QueryError, match="holds something that is no site"):
        write_site(kb.session, BASE, mine)
    assert [path.name for path in mine.iterdir()] == ["paper.tex"]


def test_a_site_is_written_again_over_itself(kb: KnowledgeBase, tmp_path: Path) -> None:
    first = write_site(kb.session, BASE, tmp_path / "site")
    (gone,) = [path for path in (tmp_path / "site/neuron").iterdir() if "N189" in path.name]
    again = write_site(kb.session, BASE, tmp_path / "site", [MONTHS])
    assert (first.neurons, again.neurons) == (again.neurons + len(first_names(kb)) - 1, 1)
    assert not gone.exists()
    assert broken(tmp_path / "site") == []


def first_names(kb: KnowledgeBase) -> list[str]:
    return [row.neuron for row in kb.queries.run("lined_neurons", model=BASE, top=200)]


def test_hostile_texts_are_words(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with LocalStore.open(folder) as store:
        store.setup()
        hostile.load(store)
        write_site(KnowledgeBase(store, str(folder)).session, hostile.MODEL, tmp_path / "site", top=None)
    stop(folder)
    assert broken(tmp_path / "site") == []
    for path in (tmp_path / "site").rglob("*.html"):
        assert not hostile.hurts(path.read_text("utf-8")), path


def test_the_command(kb: KnowledgeBase, tmp_path: Path) -> None:
    args = ["site", BASE, "--out", str(tmp_path / "site"), "--neurons", MONTHS, "--store", kb.where, "--json"]
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["neurons"] == 1
