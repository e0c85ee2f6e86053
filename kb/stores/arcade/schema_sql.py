"""The ontology as one script of the server's own SQL: a new store's schema in half the time its Cypher takes.

Rendered from the ontology alone, like `statements`, with the same names of indexes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....schema import TABLES, Kind, Node, Relationship, Table
from ..statements import index_name, quote

_TYPES: dict[Kind, str] = {"string": "STRING", "int": "LONG", "float": "DOUBLE", "bool": "BOOLEAN"}
_INDEXES = {"unique": "UNIQUE", "range": "NOTUNIQUE"}

COARSE = frozenset({"job", "kind", "model", "run", "source", "tokenizer"})
"""Properties whose few values are each shared by a good part of a label's nodes: no range index over these. The server
would choose it where a scan is quicker (300 k neurons of one of three models: 0.6 s against 0.08 s), and taking a node
out of it takes time in proportion to all that share the value (20 k of 50 k nodes of a run: 0.9 k/s against 17 k/s)."""


def schema_script(tables: dict[str, Table] = TABLES) -> str:
    """Every type, and the unique and range indexes; each statement leaves alone what exists."""
    return ";\n".join(dict.fromkeys(line for table in tables.values() for line in _lines(table)))


def _lines(table: Table) -> Iterator[str]:
    if isinstance(table, Relationship):
        name = quote(table.type)
        yield f"CREATE EDGE TYPE {name} IF NOT EXISTS"
    else:
        name = quote(table.label)
        yield f"CREATE VERTEX TYPE {name} IF NOT EXISTS"
    for prop in table.properties:
        if prop.index in _INDEXES and not (prop.index == "range" and prop.name in COARSE):
            field = quote(prop.name)
            yield f"CREATE PROPERTY {name}.{field} IF NOT EXISTS {_TYPES[prop.kind]}"
            index = quote(index_name(table, prop))
            yield f"CREATE INDEX {index} IF NOT EXISTS ON {name} ({field}) {_INDEXES[prop.index]}"


def search_script(node: Node, field: str, kind: str, index: str, how: str) -> str:
    """A search index over one property of kind `kind`, unless it exists; `how` is the server's word for it."""
    name = quote(node.label)
    return (
        f"CREATE PROPERTY {name}.{quote(field)} IF NOT EXISTS {kind};\n"
        f"CREATE INDEX {quote(index)} IF NOT EXISTS ON {name} ({quote(field)}) {how}"
    )
