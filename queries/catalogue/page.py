"""The catalogue as a Markdown page."""

from __future__ import annotations

import json
import shlex
from typing import Any

from .evidence import MAKERS
from .own_page import own_section
from .parameter import Parameter
from .query import Query, catalogue

_LEAD = """# The query catalogue

Named queries, each one file of whole Cypher in `queries/cypher/`: paste its text anywhere with its parameters, or
ask it by name.

    neuronkb queries list [WORDS]        # all, or those whose name or purpose has the words
    neuronkb queries show NAME           # the text
    neuronkb queries run NAME --help     # its parameters

In Python `kb.queries.run(NAME, ...)` gives a `Result`: rows with attributes, `to_pandas()`, `to_arrow()`,
`to_networkx()`, and a table in a notebook. A wrong or unknown parameter is an error that names the near one.
A parameter of type word is brought to the form of a Term (stripped, case-folded), a neuron may be named in any of the
ways an id is understood; the plurals are lists, given several times on the command line. Where a query finds nothing
because nobody made the evidence it needs, the answer says which command makes it.

"""


def page() -> str:
    """All public queries with their parameters, columns, needs, example and text, then those that verbs ask."""
    public = [each for each in catalogue().values() if each.public]
    helpers = [each for each in catalogue().values() if not each.public]
    index = [f"- [`{each.name}`](#{each.name}): {each.purpose.split('. ')[0].rstrip('.')}" for each in public]
    parts = [_LEAD + own_section(), "## All queries\n", "\n".join(index) + "\n", *map(_section, public)]
    parts += ["## Parts of verbs\n", "Asked by the commands they name; `kb.run` takes them as well.\n"]
    return "\n".join([*parts, *(f"#{_section(each)}" for each in helpers)])


def _section(found: Query) -> str:
    head = found.header
    lines = [f"## `{found.name}`\n", f"{found.purpose}\n"]
    if head.part_of:
        lines.append(f"Part of {head.part_of}.\n")
    if head.parameters:
        rows = [f"| `{p.name}` | {_type(p)} | {_default(p)} | {p.doc} |" for p in head.parameters]
        lines += ["| parameter | type | default | what |", "|---|---|---|---|", *rows, ""]
    lines += [f"Columns: {', '.join(f'`{name}`' for name in head.columns)}.\n", f"{_needs(found)}\n"]
    lines += [f"```sh\n{_command(found)}\n```\n", f"In Python: `{_call(found)}`\n"]
    return "\n".join([*lines, f"```cypher\n{found.body.strip()}\n```\n"])


def _type(parameter: Parameter) -> str:
    return " or ".join(map(str, parameter.choices)) if parameter.choices else parameter.type


def _default(parameter: Parameter) -> str:
    return "" if parameter.required else f"`{json.dumps(parameter.default)}`"


def _needs(found: Query) -> str:
    needs = found.header.needs
    if not needs:
        return "Needs no evidence."
    ways = [f"{', '.join(f'`{n}`' for n in need.names)} (`{MAKERS[need.maker].command}`)" for need in needs]
    return f"Needs {(' or ' if found.header.any_need else '; ').join(ways)}."


def _command(found: Query) -> str:
    words = ["neuronkb", "queries", "run", found.name]
    for name, value in found.header.example.items():
        for each in value if isinstance(value, list) else [value]:
            words += [f"--{name.replace('_', '-')}", each if isinstance(each, str) else json.dumps(each)]
    return shlex.join(words)


def _call(found: Query) -> str:
    given = [f"{name}={_literal(value)}" for name, value in found.header.example.items()]
    return f"kb.queries.run({', '.join([json.dumps(found.name), *given])})"


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | list) else repr(value)
