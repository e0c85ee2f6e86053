"""What each field of a dataclass means: the docstring under it, which Python itself does not keep."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from typing import Any


@cache
def field_words(cls: type[Any]) -> dict[str, str]:
    """The docstring under each field of a class, on one line, in the order of the source. A field without one is left
    out."""
    inherited = [field_words(base) for base in reversed(cls.__bases__) if base is not object]
    tree = ast.parse(inspect.getsource(sys.modules[cls.__module__]))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == cls.__name__]
    own = {name: words for node in classes for name, words in map(_words, pairwise(node.body)) if name and words}
    return {name: words for part in (*inherited, own) for name, words in part.items()}


def _words(lines: tuple[ast.stmt, ast.stmt]) -> tuple[str | None, str | None]:
    """A field's name and the docstring in the next statement, None for what the two are not."""
    field, docstring = lines
    name = field.target.id if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) else None
    value = docstring.value if isinstance(docstring, ast.Expr) else None
    text = value.value if isinstance(value, ast.Constant) else None
    return name, " ".join(text.split()) if isinstance(text, str) else None
