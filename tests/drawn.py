"""A record in every door that shows it."""

from __future__ import annotations

import io
import json

from neuronkb.kb.cli import output, sections
from neuronkb.kb.cli.emit import Sink, written
from neuronkb.queries.result.record import Record
from rich.console import Console


def terminal(record: Record, width: int = 80) -> str:
    """As a terminal of so many columns shows it."""
    console = Console(file=io.StringIO(), width=width)
    console.print(*sections.drawn(record.title, record.lead, record.sections()))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def check_doors(record: Record) -> None:
    """Each format takes it; on 80 columns nothing is cut; what is JSON comes back as it was."""
    assert all(len(line) <= 80 for line in terminal(record).splitlines())
    for form in ("md", "html", "csv"):
        assert written(record, Sink(form))
    assert json.loads(written(record, Sink("json"))) == json.loads(output.json_text(record.json()))
    lines = written(record, Sink("jsonl")).splitlines()
    assert len(lines) == len(record.table()[1])
    assert record.title in repr(record)
    assert record._repr_html_()
