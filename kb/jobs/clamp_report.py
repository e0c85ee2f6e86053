"""What a clamp did, as `kb.clamp.run` answers it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from ...queries.answers.neuron_sections import sign
from ...queries.result.record import Record
from ...queries.result.section import Section, Tokens

if TYPE_CHECKING:
    from ...ingest.subject.continuation import Continuations, Own, Watched
    from ..kinds import Held

SIGNS: dict[Held, str] = {"set": "= ", "add": "+ ", "scale": "x ", "zero": "= ", "mean": "= mean "}
NO_STATISTICS = (
    "the store has no activation statistics, so what is large for these neurons is not known; "
    "neuronkb activations ingest measures them"
)
NO_TOKENS = "the store has no decoded tokens; neuronkb lm-head ingest {} brings them"
SHOWN = 5
"""Decoded tokens of a row that the table names; all of them count, and --json has them."""


@dataclass(frozen=True)
class Usual:
    """A neuron's hidden value over a corpus."""

    run: str
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    corpus: str | None = None
    """what it is called"""


@dataclass(frozen=True)
class DecodedTokens:
    """The tokens of one projection and pole, and what the clamp did to their next-token probability."""

    projection: str
    pole: int
    tokens: tuple[str, ...]
    """texts, strongest first"""
    numbers: tuple[int, ...]
    """the same tokens' numbers"""
    watched: Watched
    """their total probability"""

    @property
    def row(self) -> str:
        """`down +`"""
        return f"{self.projection} {sign(self.pole)}"


@dataclass(frozen=True)
class ClampedNeuron:
    """One neuron that was clamped."""

    neuron: str
    how: Held
    value: float
    """in units of the site's value; for `mean` the mean itself"""
    site: str
    own: Own
    """its values on the prompt when left alone"""
    usual: Usual | None
    """its hidden values over a corpus, None without an activations run"""
    run: str | None
    """the decoding run that `decoded` is of"""
    decoded: tuple[DecodedTokens, ...]

    @property
    def clamp(self) -> str:
        """`hidden = 8`"""
        return f"{self.site} {SIGNS[self.how]}{float(self.value):.4g}"


@dataclass(frozen=True, repr=False)
class ClampReport(Record):
    """What a clamp did to a model's continuation of a prompt."""

    model: str
    source: str
    """hub id or folder that was run"""
    neurons: tuple[ClampedNeuron, ...]
    result: Continuations

    @property
    def title(self) -> str:
        """The model and the prompt's size."""
        return f"{self.model}, prompt of {len(self.result.prompt)} tokens"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the store does not know of these neurons."""
        usual = any(held.usual for held in self.neurons)
        decoded = any(held.decoded for held in self.neurons)
        return (*(() if usual else (NO_STATISTICS,)), *(() if decoded else (NO_TOKENS.format(self.source),)))

    def sections(self) -> tuple[Section, ...]:
        """The clamps, what became of the decoded tokens, of the next token, and the text it writes."""
        written = {"before": self.result.written_before.strip(), "after": self.result.written_after.strip()}
        return (
            self._clamps(),
            *self._decoded(),
            self._next(),
            Section.facts("The text it writes", written),
        )

    def _clamps(self) -> Section:
        """The clamps beside the neurons' own values."""
        called = sorted({held.usual.corpus for held in self.neurons if held.usual and held.usual.corpus})
        seen = any(held.usual for held in self.neurons)
        over = f"; usual: over {', '.join(called) or 'a corpus'}" if seen else ""
        prompt, rows = self.result.prompt, []
        for held in self.neurons:
            own, usual = held.own, held.usual
            ends = (own.low, repr(prompt[own.low_at]), own.high, repr(prompt[own.high_at]))
            corpus = (None, None) if usual is None else (usual.low, usual.high)
            rows.append((self._place(held), held.clamp, *ends, *corpus))
        columns = ("neuron", "clamp", "low", "low at", "high", "high at", "usual low", "usual high")
        return Section.table(
            f"Clamps, beside the values when left alone: low and high on the prompt{over}", columns, rows
        )

    def _decoded(self) -> Iterator[Section]:
        """What became of the decoded tokens' probability."""
        rows = [
            (
                self._place(held),
                side.row,
                side.watched.before,
                side.watched.after,
                median(side.watched.controls) if side.watched.controls else None,
                max(side.watched.controls, default=None),
                Tokens(side.tokens[:SHOWN]),
            )
            for held in self.neurons
            for side in held.decoded
        ]
        if rows:
            columns = ("neuron", "row", "before", "after", "null", "largest", "decoded tokens")
            n = len(self.result.kl_controls)
            control = f"control: the same clamp on {n} random other neurons, median"
            yield Section.table(f"Probability that a decoded token is next; {control}", columns, rows)

    def _next(self) -> Section:
        """The likeliest next tokens, decoded ones marked."""
        result = self.result
        rows = [
            (
                repr(token.text),
                token.before,
                token.after,
                token.after - token.before,
                ", ".join(self._marks(token.token)),
            )
            for token in result.next
        ]
        caption = f"Next token: KL(before || after) {result.kl:.4g} nats"
        if controls := result.kl_controls:
            caption += f"; controls {median(controls):.4g} in the median, {max(controls):.4g} at most"
        return Section.table(caption, ("token", "before", "after", "change", "decoded"), rows)

    def _marks(self, token: int) -> Iterator[str]:
        several = len(self.neurons) > 1
        for held in self.neurons:
            for side in held.decoded:
                if token in side.numbers:
                    yield f"{self._place(held)} {side.row}" if several else side.row

    def _place(self, held: ClampedNeuron) -> str:
        return held.neuron.removeprefix(f"{self.model}/")
