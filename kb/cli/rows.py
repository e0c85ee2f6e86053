"""The rows of a query as a table, JSON, JSON lines or CSV."""

from __future__ import annotations

import csv
import json
import sys

import click

from ...queries import Result, plain
from . import output


def emit(found: Result, form: str) -> None:
    """Print a result in one of the four formats."""
    if form == "json":
        output.emit_json(found.dicts())
    elif form == "jsonl":
        for row in found.dicts():
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(found.columns)
        writer.writerows([_csv(plain(value)) for value in row] for row in found.rows)
    else:
        output.console().print(output.table(found.columns, [[plain(value) for value in row] for row in found.rows]))


def _csv(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else value
