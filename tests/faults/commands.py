"""The commands that are disturbed, each with the state that it starts from."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from neuronkb.schema import NeuronKBError
from neuronkb.tests import planted

from .forks import Forks
from .places import Place

OLDER = ("--k", "5")
"""Of the run that `replace` takes away."""


@dataclass(frozen=True)
class Command:
    """A command line, and what is in the store before."""

    name: str
    args: tuple[str, ...]
    """{model}, {texts} and {bundle} stand for their paths"""
    older: bool = False
    """Whether an older run of the same job is there."""


DECODE = ("lm-head", "ingest", "{model}", "--device", "cpu")
COMMANDS = {
    command.name: command
    for command in (
        Command("ingest", DECODE),
        Command("load", ("bundles", "load", "{bundle}")),
        Command("replace", (*DECODE, "--replace"), older=True),
        Command(
            "activations",
            (
                "activations",
                "ingest",
                "{model}",
                "--corpus",
                "{texts}",
                "--length",
                "16",
                "--k",
                "4",
                "--device",
                "cpu",
            ),
        ),
    )
}


class Bench:
    """A place, a process that forks, and the files that commands work on."""

    def __init__(self, folder: Path, place: Place, older: Path, bundle: Path) -> None:
        self.folder = folder
        self.place = place
        self.forks = Forks(folder / f"forks-{place.name}", place.environ)
        self._older = older
        self._paths = {"model": folder / "model", "texts": folder / "texts.jsonl", "bundle": bundle}

    @classmethod
    def open(cls, folder: Path, place: Place) -> Bench:
        """Make model and texts, and the bundles of the older and the new run."""
        if not (folder / "model").is_dir():
            planted.base(folder / "model")
            texts(folder / "texts.jsonl")
        bench = cls(folder, place, folder / "older", folder / "newer")
        place.empty()
        for out, more in ((folder / "older", OLDER), (folder / "newer", ())):
            if not out.is_dir():
                bench.done(*_filled(DECODE, bench._paths), *more, "--out", str(out), "--alongside")
        return bench

    def line(self, command: Command) -> tuple[str, ...]:
        """The command's words."""
        return (*_filled(command.args, self._paths), "--store", self.place.where)

    def done(self, *args: str) -> None:
        """Run a command that must succeed; what it imports is there from then on."""
        args = args if "--store" in args else (*args, "--store", self.place.where)
        if self.forks.warm(*args):
            raise RuntimeError(f"{' '.join(args)}: {self.forks.said.read_text()[-2000:]}")

    def prepare(self, command: Command) -> None:
        """Bring the place to what the command starts from."""
        try:
            self.place.empty()
        except NeuronKBError:  # the last fault left it so; it was counted then
            self.place.renew()
        if command.older:
            run = json.loads((self._older / "run.json").read_text())["id"]
            shutil.copytree(self._older, self.place.root / "bundles" / run)
            self.done("bundles", "load", str(self._older))

    def close(self) -> None:
        """End the process that forks; the place stays."""
        self.forks.close()


def texts(path: Path) -> None:
    """Documents of random words of the planted vocabulary."""
    random = np.random.default_rng(3)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    lines = [json.dumps({"id": f"d{i}", "text": " ".join(random.choice(words, 60))}) for i in range(40)]
    path.write_text("\n".join(lines) + "\n")


def _filled(args: tuple[str, ...], paths: dict[str, Path]) -> tuple[str, ...]:
    return tuple(word.format(**paths) if word.startswith("{") else word for word in args)
