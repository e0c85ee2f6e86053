"""The results on their page: `python -m benchmarks.faults.docs build/faults.json build/faults-neo4j.json`.

Replaces all that stands under the heading Result of docs/faults.md.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from neuronkb.tests.faults.calls import Call
from neuronkb.tests.faults.trial import Outcome

from .table import markdown, unclear, unsound

PAGE = Path("docs/faults.md")
HEADING = "## Result\n"
_VARYING = (
    (r"/\S*/neuronkb-faults-[^/\s]+/(disk/)?", ""),
    (r" \d+ of thread \d+", ""),
    (r"\.tmp\w{6}\b", ".tmp#"),
    (r"[^/]+\.partial/[^/]+\.parquet", "*.partial/*.parquet"),
    (r"/(L\d+|vocabulary)\b", "/SHARD"),
    (r"[0-9a-f]{12,}|(?<=[/-])\d+(?=[-.])", "#"),
)
"""What of a line is another in each run, and what stands for it."""


def save(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write a run's outcomes with its command, date and commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    told = {
        "command": shlex.join(["python", "-m", "benchmarks.faults", *sys.argv[1:]]),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit.stdout.strip(),
        "outcomes": [asdict(each) for each in outcomes],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=1))


def load(path: Path) -> tuple[str, list[Outcome]]:
    """A saved run: how it was made, and its outcomes."""
    told = json.loads(path.read_text())
    outcomes = [
        Outcome(**{**each, "call": Call(**each["call"]), "differences": tuple(each["differences"])})
        for each in told["outcomes"]
    ]
    return f"`{told['command']}`, {told['date']}, commit {told['commit']}", outcomes


def main(paths: list[str]) -> None:
    """Put the results of these files on the page."""
    runs = [load(Path(path)) for path in paths]
    outcomes = [each for _, found in runs for each in found]
    before, heading, _ = PAGE.read_text("utf-8").partition(HEADING)
    if not heading:
        raise SystemExit(f"{PAGE} has no line {HEADING.strip()!r}")
    made = "".join(f"- {how}\n" for how, _ in runs)
    lines = Counter(_plain(line) for line in (*unsound(outcomes), *unclear(outcomes)))
    points = "".join(f"- {line} ({count})\n" for line, count in lines.items()) or "Nothing was lost.\n"
    PAGE.write_text(
        f"{before}{HEADING}\n{made}\n{markdown(outcomes)}\n### Points that were not sound\n\n{points}", "utf-8"
    )


def _plain(line: str) -> str:
    for pattern, sign in _VARYING:
        line = re.sub(pattern, sign, line)
    return line


if __name__ == "__main__":
    main(sys.argv[1:])
