"""What N2G graphs say: of one neuron, by word, by layer."""

from __future__ import annotations

from typing import Any

from ...schema import QueryError, fold
from ..catalogue.corpora import with_corpora
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_scope
from ..result.result import Result


def graphs(reader: Reader, neuron: str) -> list[dict[str, Any]]:
    """A neuron's graphs with their scores, by run, pole +1 first."""
    return query("neuron_graphs").run(reader, neuron=neuron).dicts()


def graph_nodes(reader: Reader, graph: str) -> list[dict[str, Any]]:
    """A graph's nodes with their parents; a node of a drawing may come once for each of several."""
    return query("graph_nodes").run(reader, graph=graph).dicts()


def by_graph(
    reader: Reader,
    activates_on: str | None = None,
    context: str | None = None,
    *,
    exact: bool = False,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
) -> Result:
    """Neurons whose graph fires on a word, needs a word as context, or both, strongest first.

    Any spelling of a word counts; with `exact` only that very token text, as the graph compares it. Raises QueryError
    without a word.
    """
    scope: dict[str, Any] = {"model": model, "run": run, "top": top}
    if activates_on is not None and context is not None:
        scope |= {"context": _term(context), "context_text": context if exact else None}
        found = query("find_in_context").run(
            reader, word=_term(activates_on), text=activates_on if exact else None, **scope
        )
        return _looked_into(found, reader, model, run)
    word = activates_on if activates_on is not None else context
    if word is None:
        raise QueryError("no word to look for; give one that a graph fires on, or one of its context")
    name = "find_activates" if activates_on is not None else "find_context"
    found = query(name).run(reader, word=_term(word), text=word if exact else None, **scope)
    return _looked_into(found, reader, model, run)


def _looked_into(found: Result, reader: Reader, model: str | None, run: str | None) -> Result:
    if not found.rows:
        check_scope(reader, model, run, ("n2g",))
    return with_corpora(reader, found)


def graph_report(reader: Reader, model: str, run: str | None = None) -> Result:
    """Graphs by run and layer: counts, and mean scores beside the lookups'. Raises QueryError where there are none."""
    return _looked_into(query("graph_layers").run(reader, model=model, run=run), reader, model, run)


def _term(word: str) -> str:
    """What is all spaces or line breaks is its own word."""
    term = fold(word) or word
    if not term:
        raise QueryError("no word to look for; an empty text is no token")
    return term
