"""Figures of a benchmark run: a table on the terminal, JSON on disk."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure, and what it is measured against in the same run."""

    group: str
    what: str
    value: float
    unit: str
    against: str = ""
    """The limit or peer, with its own figure."""
    ratio: float | None = None
    """value / limit"""


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = names[0] if names else name
    return {"cpu": name, "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


def show(row: Row) -> None:
    """One line, at once, so that a long run can be watched."""
    ratio = "" if row.ratio is None else f"   {row.ratio:.2f} x {row.against}"
    print(f"{row.group:8} {row.what:58} {row.value:>12,.4g} {row.unit}{ratio}", flush=True)


def save(rows: Iterable[Row], path: Path) -> None:
    """All figures and the machine as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=1))
