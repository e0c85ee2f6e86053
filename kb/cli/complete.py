"""Completion: choices, files, and the names that the store had when it was last asked. No server is started for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

    from ..parameter import Parameter

MOST = 200
"""Names offered at a time."""


def completions(parameter: Parameter, context: click.Context, begun: str) -> list[CompletionItem]:
    """What may stand for a parameter's value."""
    if parameter.choices:
        before, comma, last = begun.rpartition(",") if parameter.many else ("", "", begun)
        return [CompletionItem(f"{before}{comma}{name}") for name in parameter.choices if name.startswith(last)]
    names = _names(parameter, context)
    items: list[CompletionItem] = [CompletionItem(name) for name in names if name.startswith(begun)][:MOST]
    # A shell completes files itself; who may give a folder may also give a stored name.
    return items or [CompletionItem(begun, type="file")]


def _names(parameter: Parameter, context: click.Context) -> list[str]:
    from ..names import kept_names
    from ..place import Place, default_store

    metavar = parameter.kind.metavar if parameter.kind is not None else ""
    where: Any = context.params.get("where") or default_store()
    return kept_names(Place(where)).get(metavar, [])
