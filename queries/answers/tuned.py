"""What a fine-tune did to the neurons of its base: the report, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...schema import NeuronId
from ..catalogue.corpora import corpora
from ..catalogue.evidence import MAKERS, command
from ..catalogue.query import Reader, query
from ..result.line import Line
from ..result.record import Record, rows_of
from ..result.section import Section
from .beside import EVIDENCE, Missing, no_text
from .findings import Carry
from .lines import lines_of
from .link_layers import LayerDrift, LayerShare, Link, drift_section, kept_map, shares_section
from .tuned_counts import CHANCE, LowestR, TuneCounts, WordEnds

JOBS = {"explanations": ("explanations", "import-explanations")}
"""Jobs of evidence of which MAKERS names none."""
SHOWN = 20
"""Words whose ends changed most that are shown."""


@dataclass(frozen=True)
class Shifted:
    """A neuron of the lowest correlations, with its lines."""

    counts: LowestR
    base_line: Line
    tuned_line: Line


@dataclass(frozen=True)
class Waiting:
    """A finding that was not carried, with what the link's numbers alone say of it."""

    finding: str
    text: str
    source: str
    """the base's neuron"""
    verdict: str
    """by the link's numbers alone: holds, weakened, lost or untested; whether it moved is not looked at"""
    reason: str


@dataclass(frozen=True, repr=False)
class TuneReport(Record):
    """What a fine-tune did to the neurons of its base."""

    base: str
    tuned: str
    run: str
    """the link"""
    mean_cosine: float
    made: str
    """when all neurons were looked at"""
    layers: tuple[LayerShare, ...]
    """what was kept, by layer and projection, beside noise"""
    drift: tuple[LayerDrift, ...]
    """what the neurons do on the same text, by layer; empty where the link read none"""
    lowest: tuple[Shifted, ...]
    """of the neurons that stand for something of their own, those that do least of what they did"""
    words: tuple[WordEnds, ...]
    """of the concepts, those of which the two have not as many ends; the largest change first"""
    looked: int
    """words of the concepts that either has an end of"""
    carried: tuple[Carry, ...] = ()
    """what became of findings, as it stands now"""
    waiting: tuple[Waiting, ...] = ()
    """findings about the base's neurons that were not carried"""
    missing: tuple[Missing, ...] = ()
    """what was not computed, and the command that does"""
    corpus: str | None = None
    """what the text is called that both read"""

    @property
    def title(self) -> str:
        """The two models."""
        return f"What the fine-tune {self.tuned} did to the neurons of {self.base}"

    @property
    def lead(self) -> str:
        """The link, and how alike the two are."""
        return f"{self.run}, mean cosine of their rows {self.mean_cosine:.5f}; counted {self.made[:10]}"

    @property
    def counts(self) -> dict[str, int]:
        """Carried findings by verdict, those that were not carried last."""
        said = [carry.verdict for carry in self.carried] + ["not carried"] * len(self.waiting)
        return {verdict: said.count(verdict) for verdict in sorted(set(said))}

    def json(self) -> dict[str, Any]:
        """The fields, and the counts of findings."""
        return {**super().json(), "counts": self.counts}

    def brief(self) -> dict[str, Any]:
        """With the words shown alone."""
        return {**self.json(), "words": self.json()["words"][:SHOWN]}

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """What was kept by layer and projection, at full precision."""
        return rows_of(LayerShare, self.layers)

    def sections(self) -> tuple[Section, ...]:
        """By layer, then the neurons, the words, the findings, and what was not computed."""
        return tuple(section for section in self._sections() if section.rows)

    def _sections(self) -> Iterator[Section]:
        yield replace(shares_section(self.layers), picture=kept_map(self.layers))
        if self.drift:
            yield drift_section(self.drift, self.corpus)
        yield self._lowest()
        yield self._words()
        yield from self._findings()
        rows = tuple((each.evidence, each.model, each.command) for each in self.missing)
        yield Section("Not computed", ("evidence", "model", "command"), rows)

    def _lowest(self) -> Section:
        rows = [
            (
                _bare(each.counts.base),
                each.counts.r,
                each.counts.se,
                each.counts.null_r,
                each.base_line.cell,
                each.tuned_line.cell,
            )
            for each in self.lowest
        ]
        caption = (
            "Neurons that do least of what they did: lowest correlation on the same text, of those whose correlation "
            f"with another neuron, the null, is below {CHANCE}"
        )
        return Section.table(caption, ("neuron", "r", "error", "null", "line in the base", "in the fine-tune"), rows)

    def _words(self) -> Section:
        rows = [
            (word.concept, word.word, word.base, word.tuned, word.tuned - word.base, word.base_chance)
            for word in self.words[:SHOWN]
        ]
        caption = (
            "Words of concepts won and lost: ends of the linked layers that decode to them, not as many in "
            f"{len(self.words):,} of {self.looked:,} words; chance: ends of a random choice of tokens. What noise as "
            "large as the change would do to these counts is not known"
        )
        return Section.table(caption, ("concept", "word", "base", "tuned", "change", "chance"), rows)

    def _findings(self) -> Iterator[Section]:
        columns = ("finding", "neuron", "verdict", "now", "gate", "up", "down", "tokens", "why")
        rows = [
            (
                carry.text,
                _bare(carry.source),
                carry.verdict,
                _bare(carry.neuron),
                *(carry.cos_gate, carry.cos_up, carry.cos_down, carry.jaccard),
                carry.reason,
            )
            for carry in self.carried
        ]
        said = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items())
        yield Section.table(f"Findings: {said}; cosines of rows, share of tokens", columns, rows)
        waits = tuple((each.text, _bare(each.source), each.verdict, each.reason) for each in self.waiting)
        carry = command("carry", BASE=self.base, TUNED=self.tuned)
        caption = f"Findings not carried: a preview from the link's numbers alone; {carry} judges them"
        yield Section(caption, ("finding", "neuron", "by the link", "why"), waits)


def tune_report(
    reader: Reader,
    link: Link,
    made: str,
    counts: TuneCounts,
    carried: tuple[Carry, ...],
    waiting: tuple[Waiting, ...],
) -> TuneReport:
    """The report on a link, of what was counted at `made`, with lines and with what was not computed."""
    lines = lines_of(reader, [neuron for low in counts.lowest for neuron in (low.base, low.tuned)])
    return TuneReport(
        link.base,
        link.tuned,
        link.run,
        link.mean_cosine,
        made,
        counts.layers,
        counts.drift,
        tuple(Shifted(low, lines[low.base], lines[low.tuned]) for low in counts.lowest),
        counts.words,
        counts.looked,
        carried,
        waiting,
        tuple(_missing(reader, link, bool(counts.drift))),
        corpora(reader).get(link.run),
    )


def _missing(reader: Reader, link: Link, text: bool) -> Iterator[Missing]:
    if not text:
        yield no_text(link.base, link.tuned)
    runs = query("runs").run(reader).dicts()
    for maker in EVIDENCE:
        for model in (link.base, link.tuned):
            jobs = {run["job"] for run in runs if run["model"] == model}
            if jobs.isdisjoint(JOBS.get(maker, MAKERS[maker].jobs)):
                yield Missing(maker, model, command(maker, MODEL=model))


def _bare(neuron: str) -> str:
    """L3/N17: the models are in the title."""
    return NeuronId.parse(neuron).place
