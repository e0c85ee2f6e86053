"""Several writers of one bundle, and every state that a cut-off writer leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from neuronkb.ingest.bundle import Bundle, BundleWriter, RunInfo
from neuronkb.ingest.bundle.layout import write_json
from neuronkb.ingest.bundle.writer import united
from neuronkb.schema import BundleError

RUN = RunInfo("lm-head-0123456789ab", "lm-head", "toy", "w" * 64, "t" * 16, {"k": 2}, scope={"layers": [0]})

WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from neuronkb.ingest.bundle import BundleWriter
from neuronkb.tests.ingest.test_many_writers import RUN, neurons
layers = [int(word) for word in sys.argv[2].split(",")]
writer = BundleWriter.open(Path(sys.argv[1]), replace(RUN, scope={"layers": layers}))
for layer in layers:
    writer.write(f"L{layer:03d}", {"Neuron": neurons(layer)})
print("written", flush=True)
if sys.argv[3] == "wait":
    sys.stdin.readline()
writer.finish(summary={"by": sys.argv[2]})
"""


def neurons(layer: int, count: int = 3) -> pa.Table:
    ids = [f"toy/L{layer}/N{i}" for i in range(count)]
    return pa.table({"id": ids, "model": ["toy"] * count, "layer": [layer] * count, "index": list(range(count))})


def writer(folder: Path, layers: str, how: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(folder), layers, how]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_three_writers_at_once_lose_no_shard(tmp_path: Path) -> None:
    scopes = ["0,1,2,3", "3,4,5", "1,5,6"]
    started = [writer(tmp_path / "b", layers, "now") for layers in scopes]
    for each in started:
        each.communicate(timeout=120)
        assert each.returncode == 0
    bundle = Bundle.open(tmp_path / "b")
    assert bundle.check() == []
    assert list(bundle.shards) == [f"L{layer:03d}" for layer in range(7)]
    assert bundle.run.counts == {"Neuron": 21}
    assert bundle.run.scope == {"layers": [0, 1, 2, 3, 4, 5, 6]}


def test_the_run_has_not_ended_while_another_writes(tmp_path: Path) -> None:
    slow = writer(tmp_path / "b", "0", "wait")
    assert slow.stdout is not None
    assert slow.stdout.readline() == "written\n"
    quick = writer(tmp_path / "b", "1", "now")
    quick.communicate(timeout=60)
    assert Bundle.open(tmp_path / "b").run.ended is None
    slow.communicate("\n", timeout=60)
    assert Bundle.open(tmp_path / "b").run.ended is not None
    assert Bundle.open(tmp_path / "b").run.counts == {"Neuron": 6}


def test_a_killed_writer_keeps_nobody_from_ending(tmp_path: Path) -> None:
    slow = writer(tmp_path / "b", "0", "wait")
    assert slow.stdout is not None
    slow.stdout.readline()
    slow.kill()
    slow.communicate()
    (tmp_path / "b" / "L009.1-aa.partial").mkdir()
    quick = writer(tmp_path / "b", "0,1", "now")
    quick.communicate(timeout=60)
    bundle = Bundle.open(tmp_path / "b")
    assert bundle.check() == []
    assert sorted(bundle.shards) == ["L000", "L001"]


def test_more_layers_reopen_a_run_and_unite_its_scope(tmp_path: Path) -> None:
    with BundleWriter.open(tmp_path / "b", RUN) as first:
        first.write("L000", {"Neuron": neurons(0)})
        ended = first.finish().ended
    with BundleWriter.open(tmp_path / "b", replace(RUN, scope={"layers": [2]})) as second:
        assert Bundle.open(tmp_path / "b").run.ended is None
        second.write("L002", {"Neuron": neurons(2)})
        second.finish()
    assert Bundle.open(tmp_path / "b").run.scope == {"layers": [0, 2]}
    before = (tmp_path / "b" / "run.json").read_bytes()
    with BundleWriter.open(tmp_path / "b", RUN) as again:
        assert again.finish().ended is not None
    assert (tmp_path / "b" / "run.json").read_bytes() == before
    assert ended is not None


def test_the_first_of_two_equal_shards_stays(tmp_path: Path) -> None:
    first = BundleWriter.open(tmp_path / "b", RUN)
    second = BundleWriter.open(tmp_path / "b", RUN)
    own = first.write("L000", {"Neuron": neurons(0)})
    assert second.write("L000", {"Neuron": neurons(0)}) == own
    assert second.write("L000", {"Neuron": neurons(0, 4)}) == own
    first.finish()
    second.finish()
    assert Bundle.open(tmp_path / "b").check() == []


def test_a_damaged_shard_gives_way(tmp_path: Path) -> None:
    with BundleWriter.open(tmp_path / "b", RUN) as made:
        made.write("L000", {"Neuron": neurons(0)})
        made.finish()
    (tmp_path / "b" / "L000" / "Neuron.parquet").write_bytes(b"x")
    with BundleWriter.open(tmp_path / "b", RUN) as again:
        assert list(again.done) == []
        again.write("L000", {"Neuron": neurons(0)})
        again.finish()
    assert Bundle.open(tmp_path / "b").check() == []
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [
        ".run.lock",
        ".writers.lock",
        "L000",
        "run.json",
    ]


def old_form(folder: Path) -> None:
    """Make a bundle what releases before wrote: one manifest for all shards."""
    shards = [json.loads((path / "shard.json").read_text()) for path in sorted(folder.glob("L*"))]
    write_json(folder / "manifest.json", {"schema": 1, "shards": shards})
    for path in folder.glob("L*/shard.json"):
        path.unlink()


def test_a_bundle_with_a_manifest_is_read_and_goes_on(tmp_path: Path) -> None:
    with BundleWriter.open(tmp_path / "b", RUN) as made:
        for layer in range(2):
            made.write(f"L{layer:03d}", {"Neuron": neurons(layer)})
        made.finish()
    held = Bundle.open(tmp_path / "b").shards
    old_form(tmp_path / "b")
    assert Bundle.open(tmp_path / "b").shards == held
    assert Bundle.open(tmp_path / "b").check() == []
    with BundleWriter.open(tmp_path / "b", RUN) as again:
        assert list(again.done) == ["L000", "L001"]
        again.write("L002", {"Neuron": neurons(2)})
        again.finish()
    assert not (tmp_path / "b" / "manifest.json").exists()
    assert sorted(Bundle.open(tmp_path / "b").shards) == ["L000", "L001", "L002"]


@pytest.mark.parametrize(
    "left",
    [
        [],
        ["run.json.1-aa.partial"],
        ["manifest.json"],
        ["manifest.json", "manifest.json.partial"],
        ["run.json.partial", ".writers.lock"],
        [".run.lock", ".writers.lock", "L000.partial"],
    ],
)
def test_what_a_start_that_was_cut_off_leaves_is_mended(tmp_path: Path, left: list[str]) -> None:
    folder = tmp_path / "b"
    folder.mkdir()
    for name in left:
        text = '{"schema": 1, "shards": []}' if name == "manifest.json" else ""
        (folder / name).write_text(text)
    with BundleWriter.open(folder, RUN) as made:
        made.write("L000", {"Neuron": neurons(0)})
        made.finish()
    assert Bundle.open(folder).check() == []
    assert not list(folder.glob("*.partial"))


def test_a_folder_of_something_else_stays_untouched(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("x")
    with pytest.raises(BundleError, match="not a bundle"):
        BundleWriter.open(tmp_path / "b", RUN)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.tex"]


def test_a_disk_that_is_full_at_the_first_write_leaves_nothing_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="No space left"):
        BundleWriter.open(tmp_path / "b", RUN)
    monkeypatch.undo()
    with BundleWriter.open(tmp_path / "b", RUN) as made:
        made.write("L000", {"Neuron": neurons(0)})
        made.finish()
    assert Bundle.open(tmp_path / "b").check() == []


def test_a_copied_bundle_is_the_same_bundle(tmp_path: Path) -> None:
    with BundleWriter.open(tmp_path / "b", RUN) as made:
        made.write("L000", {"Neuron": neurons(0)})
        made.finish()
    shutil.copytree(tmp_path / "b", tmp_path / "c")
    assert Bundle.open(tmp_path / "c").shards == Bundle.open(tmp_path / "b").shards
    assert Bundle.open(tmp_path / "c").check() == []


def test_scopes_united_by_hand() -> None:
    held = {"layers": [3, 4], "device": "cpu", "features": ["a"], "neurons": {"3": [1, 2]}}
    asked = {"layers": [4, 10], "device": "cuda", "features": ["b", "a"], "neurons": {"3": [2, 7], "4": [0]}}
    assert united(held, asked) == {
        "layers": [3, 4, 10],
        "device": "cuda",
        "features": ["a", "b"],
        "neurons": {"3": [1, 2, 7], "4": [0]},
    }
    assert united({}, asked) == asked
