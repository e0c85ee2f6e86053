"""A neuron in base and fine-tune as sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..result.places import row_name
from ..result.section import Section, Tokens
from .neuron_sections import sign

if TYPE_CHECKING:
    from .beside import Beside
    from .beside_evidence import ActivityNumbers, GraphNumbers, Scored
    from .probes import Detection

MARKS = {True: "kept", False: "lost", None: None}


def sections(pair: Beside) -> tuple[Section, ...]:
    """What there is: rows, activations on the same text, lines, then evidence by kind, and what was not computed."""
    drawn = (*_weights(pair), *_lines(pair), *_methods(pair), *_notes(pair))
    return tuple(section for section in drawn if section.rows)


def _weights(pair: Beside) -> Iterator[Section]:
    rows = [(row.projection, f"{row.cosine:.5f}", _places(row.noise), row.change) for row in pair.rows]
    caption = "Rows: cosine, beside that of random noise as long as the change; change over the base row's length"
    yield Section.table(caption, ("row", "cosine", "null", "change"), rows)
    if (same := pair.same_text) is not None:
        on = f", {same.corpus}" if same.corpus else ""
        columns = ("r", "r +", "r -", "null", "error")
        numbers = (same.r, same.r_pos, same.r_neg, same.null_r, same.error)
        yield Section(
            f"Correlation of hidden values on the same text{on}; null: with another neuron", columns, (numbers,)
        )
    ends = [
        (
            row_name(end.projection, end.pole),
            MARKS[end.same_top],
            MARKS[end.same_top_rows],
            MARKS[end.same_top_null],
            end.jaccard,
            *(Tokens(texts) if texts else None for texts in (end.kept, end.lost, end.gained)),
            end.note,
        )
        for end in pair.ends
    ]
    caption = (
        "Decoded tokens. Top token: each model through its own unembedding; rows alone, both through the base's; null, "
        "noise as large as the change"
    )
    heads = ("row", "top token", "rows alone", "null", "Jaccard", "kept", "lost", "gained", "only in one")
    yield Section.table(caption, heads, ends)


def _places(value: float | None) -> str | None:
    return None if value is None else f"{value:.5f}"


def _lines(pair: Beside) -> Iterator[Section]:
    rows = [(model, line.whole or "none") for model, line in _both(pair.base_line, pair.tuned_line, pair)]
    yield Section("Lines", ("model", "line"), tuple(rows) if pair.base_line.text or pair.tuned_line.text else ())


def _both(base: Any, tuned: Any, pair: Beside) -> tuple[tuple[str, Any], ...]:
    return (pair.base_model, base), (pair.tuned_model, tuned)


def _methods(pair: Beside) -> Iterator[Section]:
    rows: list[tuple[Any, ...]] = [
        (each.name, each.method, *_detected(each.base), *_detected(each.tuned), each.note) for each in pair.features
    ]
    columns: tuple[str, ...] = ("feature", "method", "F1 base", "null", "F1 tuned", "null ", "note")
    yield Section.table("Features that it alone tells", columns, rows)
    rows = [
        (
            f"{sign(each.pole)} {each.kind}",
            each.of,
            *_scores(each.base),
            *_scores(each.tuned),
            each.formula,
            " ".join(each.text.split()),
            each.note,
        )
        for each in pair.explanations
    ]
    columns = ("explanation", "of", "base", "null", "tuned", "null ", "formula", "text", "note")
    yield Section.table("Explanations, scored on each, beside another neuron's explanation", columns, rows)
    yield from _activity(pair)
    rows = [
        (sign(each.pole), each.algorithm, *_graph(each.base), *_graph(each.tuned), each.note) for each in pair.graphs
    ]
    columns = ("side", "algorithm", "F1 base", "by token", "F1 tuned", "by token ", "note")
    yield Section.table("Graphs of what it fires on: F1 beside a lookup by token", columns, rows)
    rows = [
        (each.text, each.author, each.about, each.verdict, each.neuron, each.reason, each.note)
        for each in pair.findings
    ]
    columns = ("finding", "by", "about", "verdict", "now", "why", "note")
    yield Section.table("Findings", columns, rows)


def _activity(pair: Beside) -> Iterator[Section]:
    rows = [
        (sign(each.pole), model, each.corpus, *_numbers(numbers), each.note)
        for each in pair.activity
        for model, numbers in _both(each.base, each.tuned, pair)
        if numbers is not None
    ]
    columns = ("pole", "model", "text", "mean", "std", "largest", "above 0", "is", "note")
    yield Section.table("Hidden value", columns, rows)


def _numbers(one: ActivityNumbers) -> tuple[Any, ...]:
    said = [name for name, is_so in (("dead", one.dead), ("dense", one.dense)) if is_so]
    return one.mean, one.std, one.max, f"{one.nonzero:.0%}", ", ".join(said) or None


def _detected(one: Detection | None) -> tuple[float | None, float | None]:
    return (None, None) if one is None else (one.f1, one.rotated)


def _scores(one: Scored | None) -> tuple[float | None, float | None]:
    return (None, None) if one is None else (one.value, one.null)


def _graph(one: GraphNumbers | None) -> tuple[float | None, float | None]:
    return (None, None) if one is None else (one.f1, one.by_token)


def _notes(pair: Beside) -> Iterator[Section]:
    rows = [(each.evidence, each.model, each.command) for each in pair.missing]
    yield Section("Not computed", ("evidence", "model", "command"), tuple(rows))
