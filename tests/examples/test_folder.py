from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from neuronkb.examples.demo.folder import MARKER, build_folder, is_finished
from neuronkb.examples.demo.progress import silent
from neuronkb.schema import ModelError

KEY = {"of": "test", "version": 1}

KILLED = """
import sys, time
from pathlib import Path
from neuronkb.examples.demo.folder import build_folder
from neuronkb.examples.demo.gemma import write_model
from neuronkb.examples.demo.gguf_file import GGUFFile

def fill(part):
    write_model(GGUFFile.open(Path(sys.argv[2])), part)
    (part / "tokenizer.json").write_text("cut sh")
    print("half-way", flush=True)
    time.sleep(600)

build_folder(Path(sys.argv[1]), {"of": "test", "version": 1}, fill, lambda *_: None)
"""


def fill(part: Path) -> None:
    (part / "a.txt").write_text("whole")


def test_built_once_and_reused(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "folder"
    assert build_folder(target, KEY, fill, silent) == target
    assert (target / "a.txt").read_text() == "whole"

    def refuse(part: Path) -> None:
        raise AssertionError("built twice")

    build_folder(target, KEY, refuse, silent)


def test_built_anew_for_another_key_or_when_damaged(tmp_path: Path) -> None:
    target = build_folder(tmp_path / "folder", KEY, fill, silent)
    assert not is_finished(target, {"of": "test", "version": 2})
    (target / "a.txt").write_text("cut")
    assert not is_finished(target, KEY)
    build_folder(target, KEY, fill, silent)
    assert (target / "a.txt").read_text() == "whole"
    (target / MARKER).write_text("[]")
    assert not is_finished(target, KEY)


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def fail(part: Path) -> None:
        fill(part)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_folder(tmp_path / "folder", KEY, fail, silent)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != ".folder.lock"] == []
    build_folder(tmp_path / "folder", KEY, fill, silent)


def test_a_killed_conversion_is_repaired(tiny_gguf: Path, tiny_base: Path, tmp_path: Path) -> None:
    from neuronkb.examples.demo.gemma import write_model
    from neuronkb.examples.demo.gguf_file import GGUFFile

    target = tmp_path / "model"
    command = [sys.executable, "-c", KILLED, str(target), str(tiny_gguf)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | _names()) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half-way\n"
        child.send_signal(signal.SIGKILL)
    assert not target.exists()
    build_folder(target, KEY, lambda part: write_model(GGUFFile.open(tiny_gguf), part), silent)
    assert is_finished(target, KEY)
    for file in tiny_base.iterdir():
        assert (target / file.name).read_bytes() == file.read_bytes()
    assert {entry.name for entry in tmp_path.iterdir()} == {"model", ".model.lock"}


def _names() -> dict[str, str]:
    """Lets a child import the package by its name from this checkout."""
    import neuronkb

    return {"PYTHONPATH": str(Path(neuronkb.__path__[0]).parent) + os.pathsep + os.environ.get("PYTHONPATH", "")}


def test_two_builders_take_turns(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    inside, go_on = threading.Event(), threading.Event()
    built: list[int] = []
    waited: list[str] = []

    def slow(part: Path) -> None:
        built.append(1)
        inside.set()
        go_on.wait(60)
        fill(part)

    def note(description: str, done: int, total: int) -> None:
        waited.append(description)
        go_on.set()

    first = threading.Thread(target=build_folder, args=(target, KEY, slow, silent))
    first.start()
    inside.wait(60)
    build_folder(target, KEY, slow, note)
    first.join()
    assert built == [1]
    assert set(waited) == {"Waiting for another process that makes folder"}


def test_a_full_disk_is_a_one_line_error(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    resource = pytest.importorskip("resource")
    from neuronkb.examples.demo.tensors import save_tensors

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(ModelError, match=r"cannot write .*folder") as caught:
            build_folder(
                tmp_path / "folder",
                KEY,
                lambda part: save_tensors({"a": torch.zeros(100_000)}, part / "model.safetensors"),
                silent,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "\n" not in str(caught.value)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="not made by the demo"):
        build_folder(tmp_path / "mine", KEY, fill, silent)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
