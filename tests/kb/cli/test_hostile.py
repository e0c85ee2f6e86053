"""No text from outside commands the terminal: every command on a store in which every text is hostile."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.tests import hostile
from neuronkb.tests.everything import DEAD, EARLY, MONTHS, OTHER, TUNED
from neuronkb.tests.hostile import MODEL, TEXT
from neuronkb.tests.terminal import terminal

NEURON, TUNED_MODEL = hostile.hostile(MONTHS), hostile.hostile(TUNED)
NONE: list[list[str]] = []
ASKED: dict[str, list[list[str]]] = {
    "search": [[TEXT, "--embedder", f"no{TEXT}"], [TEXT, "--now"]],
    "find": [[TEXT], ["--feature", "is_month" + TEXT], ["--activates-on", TEXT], ["--meaning", TEXT]],
    "card": [[NEURON], [hostile.hostile(DEAD)], [hostile.hostile(OTHER)], [f"{NEURON}x"]],
    "cypher": [
        ["MATCH (n) RETURN n"],
        ["MATCH (n) RETURN n", "--format", "csv"],
        ["MATCH (n) RETURN n", "--format", "jsonl"],
        ["MATCH (t:Token) RETURN t.text AS `a\u202eb`"],
        ["RETURN $p AS x", "--params", f"p={TEXT}"],
        [f"RETURN '{TEXT}"],
        ["--file", f"no{TEXT}"],
    ],
    "activations ingest": NONE,
    "bundles check": NONE,
    "bundles load": NONE,
    "causal ingest": NONE,
    "causal report": [[MODEL]],
    "clamp run": [[MODEL, NEURON, "--prompt", TEXT, "--value", "1"]],
    "explanations embed": [["--embedder", f"no{TEXT}"]],
    "explanations import": NONE,
    "explanations ingest": NONE,
    "explanations report": [[MODEL]],
    "explanations show": [[NEURON], ["e0"]],
    "features build": [["--source", f"no{TEXT}", "is_x"], [f"no{TEXT}"]],
    "features list": [[]],
    "feeds ingest": NONE,
    "feeds show": [[NEURON]],
    "findings add": [[TEXT, "--about", NEURON, "--author", TEXT], [TEXT, "--about", NEURON, "--json"]],
    "findings carry": [[MODEL, TUNED_MODEL, "--preview"]],
    "findings list": [[]],
    "findings remove": [["f1"]],
    "findings show": [["f0"]],
    "index build": [["--embedder", f"no{TEXT}"]],
    "index status": [["--embedder", f"no{TEXT}"]],
    "links diff": [[MODEL, TUNED_MODEL], [MODEL, TUNED_MODEL, "--format", "csv"]],
    "links report": [[MODEL, TUNED_MODEL]],
    "links make": [[MODEL, TUNED_MODEL]],
    "lm-head ingest": NONE,
    "mcp": [["--rows", TEXT]],
    "models list": [[]],
    "models overview": [[]],
    "models show": [[MODEL], [TEXT]],
    "n2g find": [[hostile.hostile(" June")], [TEXT]],
    "n2g import": NONE,
    "n2g ingest": NONE,
    "n2g predict": [[NEURON, TEXT]],
    "n2g report": [[MODEL]],
    "n2g show": [[NEURON], [hostile.hostile(EARLY)]],
    "neurons around": [[NEURON]],
    "neurons beside": [[NEURON], [NEURON, "--model", TEXT]],
    "neurons line": [[NEURON]],
    "neurons lines": NONE,
    "neurons random": [[], ["--model", TEXT]],
    "neurons set-line": [[hostile.hostile(DEAD), TEXT]],
    "probes ablate": [[MODEL, "is_month" + TEXT]],
    "probes find": [["is_month" + TEXT]],
    "probes import": NONE,
    "probes ingest": NONE,
    "probes report": [[MODEL, "--high", "0.5"]],
    "probes show": [["is_month" + TEXT]],
    "queries check": [[]],
    "queries list": [[TEXT]],
    "queries schema": [[], [TEXT]],
    "queries show": [["neuron"]],
    "ratings rate": [[MODEL, "--rater", TEXT]],
    "ratings report": [[MODEL]],
    "runs list": [[]],
    "runs remove": NONE,
    "serve": [["--rows", TEXT], ["--host", TEXT, "--no-browser"]],
    "similar match": [[MODEL, TUNED_MODEL], [MODEL, MODEL, "--by", "tokens"]],
    "similar show": [[NEURON]],
    "site": NONE,
    "store check": [[]],
    "store import-files": NONE,
    "store status": [[]],
    "store stop": [["--store", f"no{TEXT}"]],
    "words agree": [[MODEL]],
    "words coherent": [[]],
    "words concepts": [["months"], [TEXT]],
    "words disagree": [[MODEL]],
    "words several": [[TEXT, "june", "july"]],
    "words token": [[hostile.hostile(" June"), "--exact"]],
}
"""Options of each command that is asked; a command with required ones is asked with a hostile text for each as well."""
ANSWERED = (
    *("findings list", "models list", "runs list", "similar show", "feeds show", "n2g show", "explanations show"),
    *("words disagree", "probes show"),
)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile") / "store"
    with LocalStore.open(folder) as store:
        store.setup()
        hostile.load(store)
    yield str(folder)
    stop(folder)


def leaves(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group) and path != "queries run":
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from leaves(found, f"{path} {name}".strip())
    else:
        yield path, command


COMMANDS = {path: command for path, command in leaves(cli) if path != "queries run"}


def ask(where: str, *args: str, text: str = "") -> Result:
    return CliRunner().invoke(cli, args, input=text, env={"NEURONKB_STORE": where, "COLUMNS": "4000"})


def required(command: click.Command) -> list[str]:
    """A hostile text for each thing that must be given."""
    args = []
    for each in command.params:
        if each.required:
            args += [TEXT] if isinstance(each, click.Argument) else [each.opts[0], TEXT]
    return args


def test_every_command_is_asked() -> None:
    assert set(ASKED) == set(COMMANDS)


@pytest.mark.parametrize("path", list(ASKED))
def test_no_command_lets_it_through(where: str, path: str) -> None:
    command = COMMANDS[path]
    questions = ASKED[path] + ([required(command)] if required(command) else [])
    forms = ("json", "csv", "md", "html") if any("--format" in each.opts for each in command.params) else ()
    again = [[*each, "--format", form] for each in questions if "--format" not in each for form in forms]
    for args in [*questions, *again]:
        done = ask(where, *path.split(), *args, text="3\n3\n3\nq\n")
        assert done.output, args
        assert not hostile.hurts(done.output), (args, hostile.hurts(done.output), done.output)
        assert "a defect" not in done.output, (args, done.output)


@pytest.mark.parametrize("path", ANSWERED)
def test_it_is_shown_as_marks(where: str, path: str) -> None:
    done = ask(where, *path.split(), *ASKED[path][0])
    assert done.exit_code == 0, done.output
    shown = "".join(done.output.split())
    assert "<U+001B>]0;title<U+0007><U+001B>[31mred" in shown
    assert "[link=http://evil]" in shown


def test_what_is_mended_or_taken_away_is_shown_as_marks(tmp_path: Path) -> None:
    """In a store of its own: mending takes away the hand-made relationships whose runs are not there."""
    with LocalStore.open(tmp_path / "store") as store:
        store.setup()
        hostile.load(store)
    run = hostile.hostile("lm-head-1")
    asked = (["store", "check", "--json"], ["store", "check", "--mend"], ["runs", "remove", run])
    for args in (*asked, ["runs", "remove", run, "--json"]):
        done = ask(str(tmp_path / "store"), *args)
        assert ("match-1" if args[1] == "check" else "lm-head-1") in done.output
        assert not hostile.hurts(done.output), args
        assert "a defect" not in done.output, done.output
    stop(tmp_path / "store")


def test_queries_by_name(where: str) -> None:
    from neuronkb.queries import public

    for name, query in public().items():
        args = [
            part for each in query.parameters if each.required for part in (f"--{each.name.replace('_', '-')}", TEXT)
        ]
        for form in ("table", "csv"):
            done = ask(where, "queries", "run", name, *args, "--format", form)
            assert not hostile.hurts(done.output), (name, done.output)


TOKENS = "MATCH (t:Token) RETURN t.text AS text ORDER BY t.id"
EXACT = [hostile.hostile(text) for text in (" June", " July", " May", " early", " dog", "june")]


def test_json_is_the_same_data(where: str) -> None:
    done = ask(where, "cypher", TOKENS, "--json")
    assert [row["text"] for row in json.loads(done.stdout)["rows"]] == EXACT
    lines = ask(where, "cypher", TOKENS, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == EXACT


def test_csv_has_marks_and_says_so_and_a_file_has_the_text(where: str, tmp_path: Path) -> None:
    done = ask(where, "cypher", TOKENS, "--format", "csv")
    rows = [*csv.reader(io.StringIO(done.stdout))]
    assert rows[1][0].startswith(" June<U+001B>]0;title<U+0007>")
    assert "--save FILE keeps them" in done.stderr
    out = tmp_path / "tokens.csv"
    done = ask(where, "cypher", TOKENS, "--save", str(out))
    assert (done.exit_code, done.stdout) == (0, "")
    with out.open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)] == ["text", *EXACT]
    clean = ask(where, "cypher", "RETURN 'a\nb' AS x", "--format", "csv")
    assert (clean.stdout, clean.stderr) == ('x\n"a\nb"\n', "")


def test_a_page_and_a_drawing_name_it_with_marks(where: str, tmp_path: Path) -> None:
    places = {name: str(tmp_path / name) for name in ("page.html", "graph.svg", "probes.svg", "scores.svg")}
    for args in (
        ["card", NEURON, "--save", places["page.html"]],
        ["n2g", "show", NEURON, "--save", places["graph.svg"]],
        ["n2g", "report", MODEL, "--save", places["scores.svg"]],
        ["probes", "show", "is_month" + TEXT, "--save", places["probes.svg"]],
    ):
        done = ask(where, *args)
        assert done.exit_code == 0, done.output
    for place in places.values():
        assert not hostile.hurts(Path(place).read_text("utf-8")), place
    assert "&lt;U+001B&gt;]0;title" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    "args",
    [
        ["card", NEURON],
        ["findings", "list"],
        ["cypher", TOKENS, "--format", "csv"],
        ["cypher", TOKENS, "--format", "json"],
        ["card", f"no{TEXT}/L0/N1"],
        ["--debug", "card", f"no{TEXT}/L0/N1"],
        ["bundles", "load", TEXT],
    ],
    ids=str,
)
def test_on_a_terminal(where: str, args: list[str]) -> None:
    shown = terminal(sys.executable, "-m", "neuronkb", *args, NEURONKB_STORE=where)
    assert "title" in shown
    assert "\x1b[31m" not in shown
    assert not hostile.hurts(hostile.OURS.sub("", shown)), shown
    if args == ["card", NEURON]:
        assert hostile.OURS.search(shown)  # rich still draws in colour


PROGRESS = """
import logging, sys, warnings
from neuronkb.kb.cli import output
from neuronkb.kb.cli.guard import install
import click
install()
text = sys.argv[1]
with output.progress() as progress:
    progress(f"reading {text}", 1, 2)
    click.echo(f"said {text}")
    print(f"printed {text}")
    logging.warning("logged %s", text)
    warnings.warn(f"warned {text}")
    output.console().print(f"drawn {text}")
    progress(f"reading {text}", 2, 2)
"""


def test_beside_a_progress_bar() -> None:
    shown = terminal(sys.executable, "-c", PROGRESS, TEXT)
    for word in ("reading", "said", "printed", "logged", "warned", "drawn"):
        assert f"{word} <U+001B>]0;title<U+0007><U+001B>[31mred" in "".join(shown.split("\n")), word
    assert not hostile.hurts(hostile.OURS.sub("", shown)), shown


def test_a_bar_of_another_library_is_drawn() -> None:
    pytest.importorskip("tqdm", reason="comes with the models extra")
    code = (
        "from neuronkb.kb.cli.guard import install; install()\nimport sys\nfrom tqdm import tqdm\n"
        "outer = tqdm(total=2, desc=sys.argv[1])\ninner = tqdm(total=2, desc='inner', position=1)\n"
        "inner.update(2); outer.update(2); inner.close(); outer.close()"
    )
    shown = terminal(sys.executable, "-c", code, TEXT)
    assert "\rinner: 100%" in shown
    assert "\x1b[A" in shown
    assert "\r<U+001B>]0;title" in shown
    assert not hostile.hurts(shown.replace("\r", "").replace("\x1b[A", "")), shown
