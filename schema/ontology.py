"""The ontology as one table: every label and relationship type by the name of its bundle table."""

from __future__ import annotations

from .errors import SchemaError
from .nodes import NODES
from .property import Table
from .relationships import RELATIONSHIPS

SCHEMA_VERSION = 1
"""Kept in every store and bundle; raised when a label, type, property or id changes meaning."""

TABLES: dict[str, Table] = {**NODES, **RELATIONSHIPS}


def table(name: str) -> Table:
    """The node label or relationship type whose bundle table has this name.

    Raises SchemaError with the known names.
    """
    try:
        return TABLES[name]
    except KeyError:
        raise SchemaError(f"unknown table {name!r}; known: {', '.join(TABLES)}") from None
