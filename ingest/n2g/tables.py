"""Graphs as evidence tables, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ...schema import ModelError, NeuronId, arrow_schema, conform, fold, table
from .graph import End, Graph, Node
from .settings import Algorithm

Tables = dict[str, pa.Table]
KINDS = {"any": "wildcard", "gap": "wildcard", "start": "anchor"}


@dataclass(frozen=True)
class GraphRecord:
    """One neuron's graph and what is said of it."""

    neuron: NeuronId
    pole: int
    graph: Graph
    facts: Mapping[str, Any] = field(default_factory=dict)
    """other properties of the Graph node"""

    def id(self, run: str) -> str:
        """Of the Graph node."""
        return f"{self.neuron}/graph/{self.pole}/{run}"


def term_of(text: str) -> str:
    """The word a token spells; what is all spaces or line breaks is its own word."""
    return fold(text) or text


def record_tables(records: Iterable[GraphRecord], run: str) -> Tables:
    """Neuron, Graph, GraphNode, Term and what joins them."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        _graph_rows(record, run, rows)
    return rows_tables(rows)


def rows_tables(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tables:
    """Rows by table name as Arrow tables; nodes that come twice stand once."""
    made = {}
    for name, found in rows.items():
        kind = table(name)
        if "id" in arrow_schema(kind).names:
            found = list({row["id"]: row for row in reversed(found)}.values())[::-1]
        columns = {key: None for row in found for key in row}
        made[name] = conform(kind, pa.table({key: _column(found, key, arrow_schema(kind)) for key in columns}))
    return made


def _column(rows: Sequence[Mapping[str, Any]], key: str, schema: pa.Schema) -> pa.Array:
    return pa.array([row.get(key) for row in rows], schema.field(key).type)


def _graph_rows(record: GraphRecord, run: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    graph, neuron, name = record.graph, record.neuron, record.id(run)
    neuron_rows(neuron, rows)
    facts = {"algorithm": graph.algorithm, "nodes": len(graph.nodes), **record.facts}
    rows["Graph"].append({"id": name, "pole": record.pole, "run": run, **facts})
    rows["Neuron.HAS_GRAPH.Graph"].append({"start": str(neuron), "end": name, "pole": record.pole, "run": run})
    for number, node in enumerate(graph.nodes):
        own = f"{name}/{number}"
        rows["GraphNode"].append({"id": own, "run": run, **_node_row(node)})
        if node.parent < 0:
            rows["Graph.STARTS_AT.GraphNode"].append({"start": name, "end": own, "run": run})
        else:
            rows["GraphNode.PRECEDED_BY.GraphNode"].append({"start": f"{name}/{node.parent}", "end": own, "run": run})
        if node.match in ("token", "fold"):
            match_rows(own, node.key, run, rows)
    word_rows(neuron, record.pole, run, _words(graph.activating), _words(graph.context), rows)


def _node_row(node: Node) -> dict[str, Any]:
    end = node.end
    row = {
        "token": node.token,
        "key": node.key,
        "kind": KINDS.get(node.match, "activating" if node.activates else "context"),
        "match": node.match,
        "importance": node.importance,
        "activation": node.activation,
        "ends": end is not None,
    }
    if end is not None:
        row |= {"value": end.value, "n": end.n, "mean": end.mean, "high": end.high, "fired": end.fired}
    return row


def neuron_rows(neuron: NeuronId, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The neuron and its place in the model."""
    row = {"id": str(neuron), "model": neuron.model, "layer": neuron.layer, "index": neuron.index}
    rows["Neuron"].append(row)
    rows["Neuron.IN_MODEL.Model"].append({"start": str(neuron), "end": neuron.model})


def match_rows(node: str, text: str, run: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """A graph node and the word it accepts; none for the empty text."""
    if term := term_of(text):
        rows["Term"].append({"id": term})
        rows["GraphNode.MATCHES.Term"].append({"start": node, "end": term, "run": run})


Word = tuple[str, float | None, float | None]
"""Text, importance and activation."""


def word_rows(
    neuron: NeuronId,
    pole: int,
    run: str,
    activating: Iterable[Word],
    context: Iterable[Word],
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    """ACTIVATES_ON and HAS_CONTEXT: one relationship a word, with its spellings and the strongest of them."""
    for name, words in (("ACTIVATES_ON", activating), ("HAS_CONTEXT", context)):
        for term, found in sorted(_by_term(words).items()):
            row = {
                "start": str(neuron),
                "end": term,
                "pole": pole,
                "importance": _largest(importance for _, importance, _ in found),
                "tokens": sorted({text for text, _, _ in found}),
                "run": run,
            }
            if name == "ACTIVATES_ON":
                row["activation"] = _largest(activation for _, _, activation in found)
            rows["Term"].append({"id": term})
            rows[f"Neuron.{name}.Term"].append(row)


def _by_term(words: Iterable[Word]) -> dict[str, list[Word]]:
    found = defaultdict(list)
    for word in words:
        if term := term_of(word[0]):
            found[term].append(word)
    return found


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _words(found: Mapping[str, Node]) -> Iterator[Word]:
    return ((key, node.importance, node.activation) for key, node in found.items())


def read_graph(algorithm: Algorithm, rows: Iterable[Mapping[str, Any]]) -> Graph:
    """The graph of stored nodes: their properties, and `parent`, the id of the node before or null.

    Raises ModelError where they are not one graph, and for a graph read from a drawing, which predicts nothing.
    """
    by_number = {int(row["id"].rpartition("/")[2]): row for row in rows}
    if sorted(by_number) != list(range(len(by_number))):
        raise ModelError(f"the graph's nodes are not numbered 0 to {len(by_number) - 1}: some are missing")
    return Graph(tuple(_read_node(by_number[number]) for number in range(len(by_number))), algorithm)


def _read_node(row: Mapping[str, Any]) -> Node:
    if row["match"] is None:
        raise ModelError(f"{row['id']}: read from a drawing, which does not tell what it predicts")
    parent = -1 if row["parent"] is None else int(row["parent"].rpartition("/")[2])
    end = End(row["value"], row["n"], row["mean"], row["high"], row["fired"]) if row["ends"] else None
    kept = (row["importance"], row["activation"], row["kind"] == "activating")
    return Node(parent, row["match"], row["key"], row["token"], *kept, end)
