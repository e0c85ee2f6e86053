"""python -m examples.notebook: docs/example.ipynb from story.md, executed on the store of NEURONKB_STORE."""

from __future__ import annotations

import argparse
import os
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[2] / "docs" / "example.ipynb"
CODE = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|work|Users|usr|var|mnt|data)/")
SECONDS = 600


def story() -> str:
    """The page that the notebook is made of."""
    return files(__package__).joinpath("story.md").read_text("utf-8")


def cells(page: str) -> list[tuple[str, str]]:
    """(markdown or code, its source), in order: what stands in a python fence is code."""
    parts = CODE.split(page)
    kinds = ("markdown", "code")
    return [(kinds[i % 2], part.strip()) for i, part in enumerate(parts) if part.strip()]


def notebook(page: str) -> Any:
    """The notebook, not executed yet; its cells are named by their place, so that it is the same each time."""
    import nbformat.v4 as v4

    made = v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    makers: dict[str, Any] = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell}
    for place, (kind, source) in enumerate(cells(page)):
        made.cells.append(makers[kind](source, id=f"cell-{place:02d}"))
    return made


def executed(made: Any) -> Any:
    """The notebook with its outputs, free of times. Raises what a cell raises."""
    from nbclient import NotebookClient

    NotebookClient(made, timeout=SECONDS, kernel_name="python3").execute()
    made.metadata.pop("language_info", None)
    for cell in made.cells:
        cell.metadata.clear()
    return made


def main() -> None:
    """Make it, check that it names no folder of this machine, write it."""
    import nbformat

    parser = argparse.ArgumentParser(prog="python -m examples.notebook", description=__doc__)
    parser.add_argument("--store", help="folder or Bolt URI of the store; NEURONKB_STORE else")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if given.store:
        os.environ["NEURONKB_STORE"] = given.store
    text = nbformat.writes(executed(notebook(story())))
    if found := ABSOLUTE.search(text):
        sys.exit(
            f"the notebook names a folder of this machine: {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        )
    given.out.write_text(text + "\n", encoding="utf-8")
    print(f"written: {given.out} ({len(text) >> 10} KiB)", file=sys.stderr)


if __name__ == "__main__":
    main()
