"""How many neurons of a model each method says something of, by layer, and what would tell the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from ..catalogue.evidence import MAKERS
from ..catalogue.query import Reader, query
from ..result.picture import HeatMap
from ..result.places import spans
from ..result.section import Section


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence that coverage counts."""

    column: str
    """field of LayerCoverage"""
    head: str
    command: str
    """what makes it; MODEL stands for the model"""
    layered: bool = False
    """whether the command takes some layers alone"""


def _made_by(maker: str, placeholder: str = "MODEL", more: str = "") -> str:
    """The command of a maker of evidence, without what else would do."""
    return MAKERS[maker].command.partition(" (or ")[0].replace(placeholder, "MODEL") + more


LINES = "neuronkb neurons lines MODEL"
FINDINGS = _made_by("findings")
EVIDENCE = (
    Evidence("decoded", "decoded", _made_by("lm-head"), layered=True),
    Evidence("active", "activity", _made_by("activations"), layered=True),
    Evidence("graphed", "graphs", _made_by("n2g"), layered=True),
    Evidence("probed", "features", _made_by("probes"), layered=True),
    Evidence("explained", "explained", _made_by("explanations", more=" --explainer LANGUAGE_MODEL")),
    Evidence("clamped", "clamps", _made_by("clamp")),
    Evidence("feeding", "feeds", _made_by("feeds")),
    Evidence("similar", "similar", "neuronkb similar match MODEL MODEL"),
    Evidence("linked", "linked", _made_by("link", "BASE"), layered=True),
    Evidence("noted", "findings", FINDINGS),
    Evidence("lined", "line", LINES),
)


@dataclass(frozen=True)
class LayerCoverage:
    """The neurons of one layer that the store holds, and how many of them have each kind of evidence."""

    layer: int
    neurons: int
    decoded: int
    """have decoded ends"""
    active: int
    """have excerpts or tokens of a corpus"""
    graphed: int
    """have an N2G graph"""
    probed: int
    """tell a feature"""
    explained: int
    clamped: int
    linked: int
    """have a counterpart in a base or a fine-tune"""
    similar: int
    feeding: int
    """feed another, or are fed"""
    noted: int
    """have a finding about them"""
    lined: int
    """have a line of words above chance"""
    unlined: int
    """have no line yet"""

    def share(self, column: str) -> float | None:
        """Of the neurons; None where there are none."""
        return getattr(self, column) / self.neurons if self.neurons else None


@dataclass(frozen=True)
class Coverage:
    """What is known of one model, layer by layer."""

    model: str
    as_of: str
    """ISO 8601: when it was counted; findings are counted anew each time"""
    layers: tuple[LayerCoverage, ...]

    @property
    def neurons(self) -> int:
        """In the store."""
        return sum(layer.neurons for layer in self.layers)

    @property
    def lined(self) -> int:
        """Neurons with a line of words above chance."""
        return sum(layer.lined for layer in self.layers)

    def section(self) -> Section:
        """Layers by kinds of evidence: how many neurons."""
        heads = ("layer", "neurons", *(kind.head for kind in EVIDENCE))
        rows = tuple((row.layer, row.neurons, *(getattr(row, kind.column) for kind in EVIDENCE)) for row in self.layers)
        picture = self._shares() if self.layers else None
        return Section(f"Neurons of {self.model} with evidence, as of {self.as_of}", heads, rows, picture)

    def _shares(self) -> HeatMap:
        return HeatMap(
            tuple(f"layer {row.layer}" for row in self.layers),
            tuple(kind.head for kind in EVIDENCE),
            tuple(tuple(row.share(kind.column) for kind in EVIDENCE) for row in self.layers),
            0.0,
            1.0,
            "share of the layer's neurons",
            tuple(
                tuple(f"{getattr(row, kind.column):,} of {row.neurons:,} neurons" for kind in EVIDENCE)
                for row in self.layers
            ),
        )


@dataclass(frozen=True)
class Gap:
    """A kind of evidence that no neuron of some layers has."""

    model: str
    what: str
    layers: tuple[int, ...]
    """of which nothing is known"""
    command: str
    """what fills it; words in capitals stand for what is yours"""


def count_layers(reader: Reader, model: str) -> tuple[LayerCoverage, ...]:
    """Counted in the store, which looks at every neuron of the model once."""
    rows = query("coverage").run(reader, model=model, timeout=None).dicts()
    return tuple(LayerCoverage(**row) for row in rows)


def noted(reader: Reader) -> dict[tuple[str, int], int]:
    """Neurons that findings are about, by model and layer."""
    return {(row[0], row[1]): row[2] for row in query("noted_layers").run(reader).rows}


def gaps(covered: Coverage, pair: tuple[str, str] | None = None) -> Iterator[Gap]:
    """What nobody made of a model, or of some of its layers. `pair` is the base and the fine-tune that it is one of."""
    if not covered.layers:
        yield Gap(covered.model, "neurons", (), _command(EVIDENCE[0], covered, ()))
        return
    for kind in EVIDENCE:
        lacking = tuple(row.layer for row in covered.layers if _lacks(row, kind))
        if not lacking or (kind.command == FINDINGS and len(lacking) < len(covered.layers)):
            continue
        command = _command(kind, covered, lacking)
        if kind.column == "linked" and pair is not None:
            command = command.replace(f"{quote(covered.model)} TUNED", " ".join(map(quote, pair)))
        yield Gap(covered.model, kind.head, lacking, command)


def _lacks(row: LayerCoverage, kind: Evidence) -> bool:
    """A line is lacking only where there is something to make one of."""
    if kind.command == LINES:
        said = (row.decoded, row.graphed, row.probed, row.explained, row.noted)
        return row.unlined == row.neurons and any(said)
    return bool(getattr(row, kind.column) == 0)


def _command(kind: Evidence, covered: Coverage, lacking: Sequence[int]) -> str:
    command = re.sub(r"\bMODEL\b", lambda _: quote(covered.model), kind.command)
    some = kind.layered and 0 < len(lacking) < len(covered.layers)
    return f"{command} --layers {spans(lacking).replace(' ', '')}" if some else command


def gap_rows(found: Sequence[Gap], layers: Mapping[str, int]) -> list[tuple[str, str, str, str]]:
    """Model, what it lacks, where, and the command; `layers` are how many the store holds of each model."""
    return [
        (gap.model, gap.what, spans(gap.layers) if len(gap.layers) < layers[gap.model] else "all", gap.command)
        for gap in found
    ]
