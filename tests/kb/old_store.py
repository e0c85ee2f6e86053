"""A store, its bundles and what its jobs read, as an older release left them: see tests/data/versions/make.py."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSIONS = Path(__file__).parents[1] / "data" / "versions"


@dataclass(frozen=True)
class OldStore:
    """One unpacked archive."""

    root: Path

    @classmethod
    def unpack(cls, version: int, root: Path) -> OldStore:
        with tarfile.open(VERSIONS / str(version) / "store.tar.xz") as archive:
            archive.extractall(root, filter="data")
        return cls(root)

    @property
    def folder(self) -> Path:
        """The local store."""
        return self.root / "store"

    @property
    def given(self) -> Path:
        """Models and texts."""
        return self.root / "given"

    @property
    def bundles(self) -> list[Path]:
        """In the order in which they were begun: a run's sources come first."""
        return sorted((self.folder / "bundles").iterdir(), key=lambda path: (_run(path)["started"], path.name))

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """What every query answered then: `params`, `columns`, `rows`."""
        found: dict[str, dict[str, Any]] = json.loads((self.root / "answers.json").read_text())
        return found


def _run(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "run.json").read_text())
    return found
