"""A load that is killed at any moment, and resumed, ends with the graph of one that was not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from neuronkb.kb.stores.arcade.folder import Folder
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.schema import NODES, RELATIONSHIPS

from tests.kb.stores import loading

ROOT = Path(__file__).parents[3]
DECODES = RELATIONSHIPS["Neuron.DECODES_TO.Token"]
ALL = loading.NEURONS * loading.EACH


Ends = tuple[Counter[str], Counter[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with the nodes and one undisturbed run."""
    path = tmp_path_factory.mktemp("loads") / "store"
    loading.load(path, "whole")
    yield path
    stop(path)


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[list[str], Ends]:
    """The rows of that run, and how many each node lists."""
    with LocalStore.open(folder) as store:
        return contents(store, "whole"), ends(store, "whole")


def begun(folder: Path, run: str) -> subprocess.Popen[str]:
    """A process that loads, by the time it writes relationships."""
    command = [sys.executable, "-m", "tests.kb.stores.loading", str(folder), run]
    loader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert loader.stdout is not None
    while (line := loader.stdout.readline().strip()) != DECODES.type:
        assert line, loader.communicate()
    return loader


def contents(store: LocalStore, run: str) -> list[str]:
    """Every row of the run as text, sorted."""
    found = store.read(
        "MATCH (n:Neuron)-[d:DECODES_TO {run: $run}]->(t:Token) RETURN n.id, t.id, properties(d)",
        {"run": run},
        timeout=None,
        limit=None,
    )
    return sorted(json.dumps([start, end, {**rest, "run": ""}], sort_keys=True) for start, end, rest in found)


def ends(store: LocalStore, run: str) -> Ends:
    """How many of the run's relationships each neuron lists as going out, and each token as coming in."""
    out = "MATCH (n:Neuron) RETURN n.id, COUNT { (n)-[d:DECODES_TO]->() WHERE d.run = $run }"
    into = "MATCH (t:Token) RETURN t.id, COUNT { (t)<-[d:DECODES_TO]-() WHERE d.run = $run }"
    one, two = (store.read(text, {"run": run}, timeout=None, limit=None).rows for text in (out, into))
    return Counter(dict(one)), Counter(dict(two))


def test_a_request_half_done_is_taken_back(folder: Path) -> None:
    """A note left behind names where whole work ends: all that comes after it goes, and nothing else."""
    with LocalStore.open(folder) as store:
        before = store.status().relationships["DECODES_TO"]
        rows = loading.files("half")[0]
        note = Folder(folder).unfinished / "1.json"
        last = store.write("MATCH ()-[d:DECODES_TO]->() RETURN elementId(d) AS id").rows
        latest = max(last, key=lambda row: int(row[0].split(":")[1]))[0]
        store.create_relationships(DECODES, rows)
        assert store.status().relationships["DECODES_TO"] == before + rows.num_rows
        note.write_text(json.dumps({"type": "DECODES_TO", "after": latest}))
        store.repair()
        assert not note.exists()
        assert store.status().relationships["DECODES_TO"] == before
        assert contents(store, "half") == []
        assert sum(ends(store, "whole")[1].values()) == ALL
        store.repair()
        assert store.status().relationships["DECODES_TO"] == before


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(("server",), marks=pytest.mark.long),
        pytest.param(("client",), marks=pytest.mark.long),
        ("server", "client"),
        ("keeper", "client"),
    ],
)
def test_killed_load_resumed(folder: Path, whole: tuple[list[str], Ends], victims: tuple[str, ...]) -> None:
    run = "-".join(victims)
    loader = begun(folder, run)
    moment = random.uniform(0, 1)
    time.sleep(moment)
    state = Folder(folder).read_state()
    assert state is not None
    for victim in victims:
        pid = {"server": state.pid, "client": loader.pid, "keeper": state.keeper}[victim]
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while victim != "client" and psutil.pid_exists(pid):
            time.sleep(0.01)
    loader.communicate()
    loading.load(folder, run)
    with LocalStore.open(folder) as store:
        assert contents(store, run) == whole[0], f"killed after {moment:.3f} s"
        assert ends(store, run) == whole[1]
        runs = {row[0] for row in store.read("MATCH ()-[d:DECODES_TO]->() RETURN DISTINCT d.run").rows}
        assert store.status().relationships == {"DECODES_TO": ALL * len(runs)}
    assert not list(Folder(folder).unfinished.iterdir())


def test_the_first_load_of_a_type_is_taken_back_whole(folder: Path) -> None:
    spells = RELATIONSHIPS["Token.SPELLS.Term"]
    with LocalStore.open(folder) as store:
        store.merge_nodes(NODES["Term"], pa.table({"id": ["dog"]}))
        store.create_relationships(spells, pa.table({"start": ["k/T0", "k/T1"], "end": ["dog", "dog"]}))
        (Folder(folder).unfinished / "1.json").write_text(json.dumps({"type": "SPELLS", "after": None}))
        store.create_relationships(spells, pa.table({"start": ["k/T2"], "end": ["dog"]}))
        assert store.read("MATCH (t)-[:SPELLS]->() RETURN t.id").rows == [("k/T2",)]


@pytest.mark.long
def test_two_loaders_at_once(folder: Path, whole: tuple[list[str], Ends]) -> None:
    """They take turns; the nodes both of them bring are there once."""
    loaders = [begun(folder, run) for run in ("left", "right")]
    assert [loader.communicate()[1] for loader in loaders] == ["", ""]
    with LocalStore.open(folder) as store:
        assert contents(store, "left") == contents(store, "right") == whole[0]
        assert store.status().nodes["Neuron"] == loading.NEURONS
