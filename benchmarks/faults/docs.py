"""The result on its page: what was run, where and when, and the table."""

from __future__ import annotations

import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HEADING = "## Result\n"


def write(page: Path, table: str, lost: list[str]) -> None:
    """Replace all that stands under the heading Result."""
    before, heading, _ = page.read_text("utf-8").partition(HEADING)
    if not heading:
        raise SystemExit(f"{page} has no line {HEADING.strip()!r}")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    command = shlex.join(["python", "-m", "benchmarks.faults", *sys.argv[1:]])
    told = f"\n`{command}` on {datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip()}.\n\n{table}"
    points = "".join(f"- {line}\n" for line in lost) or "Nothing was lost.\n"
    page.write_text(f"{before}{HEADING}{told}\n{points}", "utf-8")
