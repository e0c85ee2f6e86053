"""What the ends of a neuron decode to: the record, how it is read, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue.query import Reader, query
from ..result.section import Section, Tokens


@dataclass(frozen=True)
class DecodedEnd:
    """One end of one projection's ranking, with its confidence."""

    run: str
    convention: str
    projection: str
    pole: int
    tokens: tuple[tuple[str, float, float], ...]
    """(text, z-score, probability), strongest first."""
    kurtosis: float | None
    """Excess kurtosis of the logits: above 10 the row singles out few tokens."""
    coherence: float | None
    """Mean pairwise cosine of the tokens' unembedding rows."""


def decoded_ends(reader: Reader, neuron: str) -> tuple[DecodedEnd, ...]:
    """Each end of a neuron that is decoded, with its top tokens, by run."""
    rows = query("neuron_tokens").run(reader, neuron=neuron).dicts()
    stats = {
        (row["run"], row["projection"], row["pole"]): row
        for row in query("neuron_stats").run(reader, neuron=neuron).dicts()
        if row["kind"] == "weights"
    }
    ends: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for row in rows:
        ends.setdefault((row["run"], row["projection"], row["pole"]), []).append(row)
    order = {"gate": 0, "up": 1, "down": 2}
    found = []
    for key, tokens in sorted(ends.items(), key=lambda item: (item[0][0], order[item[0][1]], -item[0][2])):
        numbers = stats.get(key, {})
        words = tuple((t["token"], t["z"], t["probability"]) for t in tokens)
        convention = tokens[0]["convention"]
        found.append(
            DecodedEnd(key[0], convention, key[1], key[2], words, numbers.get("kurtosis"), numbers.get("coherence"))
        )
    return tuple(found)


def decoded_section(ends: Sequence[DecodedEnd]) -> Section:
    """A row an end, its tokens strongest first."""
    runs = {end.run for end in ends}
    rows = []
    for end in ends:
        name = f"{end.projection} {'+' if end.pole > 0 else '-'}" + (
            f" ({end.convention}, {end.run})" if len(runs) > 1 else ""
        )
        notes = tuple(f"z {z:.1f}, probability {probability:.3g}" for _, z, probability in end.tokens)
        z = round(end.tokens[0][1], 1) if end.tokens else None
        tokens = Tokens(tuple(text for text, *_ in end.tokens), notes)
        rows.append((name, z, end.kurtosis, end.coherence, tokens))
    of = f" ({ends[0].convention} rows, run {ends[0].run})" if len(runs) == 1 else ""
    return Section.table(f"Decoded tokens{of}", ("row", "top z", "kurtosis", "coherence", "top tokens"), rows)
