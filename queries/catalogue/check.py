"""Whether a query's head comment and its text say the same, and its parameters can be given."""

from __future__ import annotations

import re

from ...schema import QueryError
from .evidence import MAKERS
from .parameter import Parameter
from .query import Query

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""What a query or a parameter may be called."""
RESERVED = frozenset(
    {
        *("ask_password", "database", "heap", "store", "user", "where"),
        *("as_json", "form", "format", "help", "json", "limit", "params", "save", "spreadsheet", "timeout"),
    }
)
"""What no parameter may be called: options of every query's command, and what carries them."""


def check_query(asked: Query, file: str) -> None:
    """Raise QueryError, which names the file, for the first thing that is wrong or that the text does not keep to."""
    if not asked.body.strip():
        raise QueryError(f"{file}: no Cypher follows its head comment; write the query below it")
    _check_names(asked, file)
    for parameter in asked.parameters:
        _check_values(asked, parameter, file)
    for need in asked.header.needs:
        makes = MAKERS[need.maker].makes
        if strange := [name for name in need.names if name not in makes]:
            raise QueryError(f"{file}: needs {strange[0]!r} from {need.maker}, which makes {', '.join(makes)}")
    try:
        asked.values(asked.header.example)
    except QueryError as error:
        raise QueryError(f"{file}: its example: {error}") from None


def _check_names(asked: Query, file: str) -> None:
    declared = [parameter.name for parameter in asked.parameters]
    for name in declared:
        if not NAME.fullmatch(name) or name in RESERVED:
            raise QueryError(
                f"{file}: a parameter cannot be called ${name}; expected lower-case letters, digits and underscores, "
                f"and none of {', '.join(sorted(RESERVED))}"
            )
    for name in asked.used:
        if name not in declared:
            raise QueryError(
                f"{file}: uses ${name}, which its head comment does not declare; add `// ${name}: TYPE; what it is`"
            )
    for name in declared:
        if name not in asked.used:
            raise QueryError(f"{file}: declares ${name} and never uses it; take the line out")


def _check_values(asked: Query, parameter: Parameter, file: str) -> None:
    """Raise QueryError where the default or a choice is not of the parameter's type."""
    values = [[choice] if parameter.many else choice for choice in parameter.choices]
    values += [] if parameter.required else [parameter.default]
    for value in values:
        try:
            parameter.value(value, asked.name)
        except QueryError as error:
            raise QueryError(f"{file}: a default or choice does not fit: {error}") from None
