"""The ontology as one table: every label and relationship type by the name of its bundle table."""

from __future__ import annotations

from .errors import SchemaError
from .matrices import MATRICES
from .nodes import NODES
from .property import Matrix, Table
from .relationships import RELATIONSHIPS

SCHEMA_VERSION = 2
"""Kept in every store and bundle; raised when a label, type, property or id changes meaning; `ladder` has the steps."""

TABLES: dict[str, Table] = {**NODES, **RELATIONSHIPS}


def table(name: str) -> Table:
    """The node label or relationship type whose bundle table has this name.

    Raises SchemaError with the known names.
    """
    try:
        return TABLES[name]
    except KeyError:
        raise SchemaError(f"unknown table {name!r}; known: {', '.join(TABLES)}") from None


def bundle_table(name: str) -> Table | Matrix:
    """A table of a bundle: as `table`, or a matrix that no store takes in."""
    return MATRICES[name] if name in MATRICES else table(name)
