"""How lines are worked out: the first kind of evidence, in this order, that says more than chance.

1. A finding about the neuron, the newest; or one that was carried to it and holds by the newest verdict.
2. An explanation in words that was chosen among its candidates, if its headline score is above its null, the same score
   of another neuron's explanation. Formulas do not compare: they are in the order of headline scores, then the best.
3. An N2G graph whose F1 is above the best of the three lookups from the same windows (by token, by 5-gram, with
   back-off): the words it fires on, strongest first, and what it needs before them.
4. A feature that the neuron alone tells, with an F1 above that of the best of as many random directions.
5. A decoded end of coherence .3 or more among eight different words or more, as `queries run coherent` has them: `down`
   writes, `gate` and `up` read.

Of several graphs and features the one farthest above its null counts. Evidence without a null is not used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from ...schema import fold
from ...schema.headline import order
from ...schema.visible import plain
from ..catalogue.query import Reader, query
from ..result.line import NOTHING, UNMADE, Line, shortened

HOLDS = "holds"
"""The verdict of a finding that is as true of the fine-tune's neuron."""
COHERENCE = 0.3
"""What the coherence of a decoded end reaches."""
WORDS = 5
"""Words that a line names."""
CONTEXTS = 2
"""Words of context."""
STORED = 200
"""Characters of a line that are kept."""

Rows = dict[str, list[dict[str, Any]]]
"""Rows of a query by neuron, in its order."""


def line_of_each(reader: Reader, neurons: Sequence[str]) -> dict[str, Line]:
    """The line of each neuron by all that the store holds of it now, but for those that people set."""
    lines: dict[str, Line] = {}
    for rule in (_findings, _explanations, _graphs, _features, _decoded):
        if left := [neuron for neuron in neurons if neuron not in lines]:
            lines.update(rule(reader, left))
    if left := [neuron for neuron in neurons if neuron not in lines]:
        lines.update(dict.fromkeys(left, UNMADE))
        lines.update((neuron, Line(NOTHING, "nothing")) for neuron in _rows(reader, "line_evidence", left))
    return lines


def _findings(reader: Reader, neurons: Sequence[str]) -> Iterator[tuple[str, Line]]:
    for neuron, rows in _rows(reader, "line_findings", neurons).items():
        newest = {(row["verdict"] is None, row["finding"]): row for row in rows}
        about = [row for row in rows if row["verdict"] is None]
        carried = [row for row in newest.values() if row["verdict"] == HOLDS]
        if found := about or carried:
            last = max(found, key=lambda row: (row["created"] or "", row["finding"]))
            yield neuron, Line(shortened(last["text"], STORED), "finding", run=last["run"])


def _explanations(reader: Reader, neurons: Sequence[str]) -> Iterator[tuple[str, Line]]:
    for neuron, rows in _rows(reader, "line_explanations", neurons).items():
        best = min(rows, key=order)  # the first of the highest score
        text = f"{'below 0: ' if best['pole'] < 0 else ''}{best['text']}"
        yield neuron, _line(text, "explanation", best)


def _graphs(reader: Reader, neurons: Sequence[str]) -> Iterator[tuple[str, Line]]:
    best = {neuron: rows[0] for neuron, rows in _rows(reader, "line_graphs", neurons).items()}
    words = _rows(reader, "line_graph_words", list(best))
    for neuron, graph in best.items():
        own = [row for row in words.get(neuron, ()) if _same(row, graph, "pole", "run")]
        fires, needs = ([_seen(row["word"]) for row in own if row["context"] == context] for context in (False, True))
        if fires:
            after = f"; after {', '.join(repr(word) for word in needs[:CONTEXTS])}" if needs else ""
            yield neuron, _line(f"fires{_below(graph)} on {', '.join(fires[:WORDS])}{after}", "graph", graph)


def _features(reader: Reader, neurons: Sequence[str]) -> Iterator[tuple[str, Line]]:
    for neuron, rows in _rows(reader, "line_features", neurons).items():
        best = rows[0]
        where = " by being low" if (best["coef"] or 0) < 0 else ""
        yield neuron, _line(f"alone tells {best['name'] or best['feature']}{where}", "feature", best)


def _decoded(reader: Reader, neurons: Sequence[str]) -> Iterator[tuple[str, Line]]:
    best = {neuron: rows[0] for neuron, rows in _rows(reader, "line_decoded", neurons, least=COHERENCE).items()}
    ends = {f"{name}s": [side[name] for side in best.values()] for name in ("projection", "pole", "run")}
    tokens = _rows(reader, "line_tokens", list(best), **ends)
    for neuron, side in best.items():
        own = [row["token"] for row in tokens.get(neuron, ())]
        words = list(dict.fromkeys(_seen(fold(token) or token) for token in own))[:WORDS]
        if words:
            does = "writes" if side["projection"] == "down" else "reads"
            text = f"{does}{_below(side)} {', '.join(words)}"
            yield neuron, _line(text, "decoded", {**side, "null_score": COHERENCE})


def _rows(reader: Reader, name: str, neurons: Sequence[str], **asked: Any) -> Rows:
    rows: Rows = defaultdict(list)
    for row in query(name).run(reader, neurons=neurons, timeout=None, **asked).dicts() if neurons else ():
        rows[row["neuron"]].append(row)
    return rows


def _line(text: str, source: Any, row: dict[str, Any]) -> Line:
    return Line(shortened(text, STORED), source, row["score"], row["null_score"], row["run"])


def _same(one: dict[str, Any], other: dict[str, Any], *names: str) -> bool:
    return all(one[name] == other[name] for name in names)


def _below(row: dict[str, Any]) -> str:
    """That the side is the one on which the value is below 0."""
    return " below 0" if row["pole"] < 0 else ""


def _seen(word: str) -> str:
    """A word as it can be seen, the empty one and blanks in quotes."""
    return plain(word).strip() or repr(word)
