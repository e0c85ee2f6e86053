"""The demo's second half: which neurons know about months, on whose word, and did they survive the fine-tune?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuronkb import KnowledgeBase
from neuronkb.kb.cli import agree, explain_tables, finding, graph_tables, output, probe_tables, tables
from neuronkb.queries import ExplanationView, Side
from neuronkb.schema import NeuronId

from .evidence import Evidence, Model
from .months import HEADER, month_labels
from .sample import small_corpus
from .texts import sample_texts

CONCEPT = "months"
SIDES = 15
"""Sides that are looked at for neurons."""
NEURONS, LAYERS = 5, 3
"""Taken at most."""
PATHS = 5
"""Of a graph that are shown."""
NODES = 30
"""Of its drawing."""
ROWS = 6
"""Of other tables."""
FEATURES = tuple(feature.name for feature in HEADER.features)
NOTE = "names months"
AUTHOR = "make demo"


def choose(sides: Iterable[Side], neurons: int = NEURONS, layers: int = LAYERS) -> tuple[NeuronId, ...]:
    """The neurons of the first sides, at most so many and of so many layers."""
    chosen: list[NeuronId] = []
    for side in sides:
        neuron = NeuronId.parse(side.neuron)
        held = {one.layer for one in chosen}
        fits = neuron.layer in held or len(held) < layers
        if fits and neuron not in chosen and len(chosen) < neurons:
            chosen.append(neuron)
    return tuple(chosen)


@dataclass(frozen=True)
class Story:
    """Told on a store that holds both models decoded and linked."""

    kb: KnowledgeBase
    base: Model
    tuned: Model
    cache: Path

    def tell(self) -> None:
        """Make what is missing, and show each step as it is ready."""
        _say("\nWhich neurons know about months, on whose word, and did they survive the fine-tune?\n")
        (concept,) = self.kb.concepts([CONCEPT], model=self.base.name, top=SIDES)
        chosen = choose(concept.sides)
        if not chosen:
            _say(f"No neuron of {self.base.name} names {CONCEPT}.")
            return
        _say("1. Their weights. Sides that name most months, and how many would by chance:\n")
        _say(tables.concepts([replace(concept, sides=_first_of_each(concept.sides, chosen))]))
        with output.progress() as progress:
            texts = sample_texts(self.cache / "texts.jsonl", progress)
        corpus = small_corpus(texts, self.cache / "articles.jsonl")
        made = Evidence(self.kb, chosen, corpus, month_labels(texts, self.cache / "months.jsonl"))
        for step in (self._text, self._graphs, self._probes, self._sentences, self._agreement, self._fate):
            step(made)

    def _text(self, made: Evidence) -> None:
        with output.progress() as progress:
            made.corpus_pass(self.base, progress)
        _say(
            "2. What they do on text, the beginnings of 107 articles: the first neuron's card. Pole + and - are the "
            "two signs of its value, each with the excerpts on which it is largest.\n"
        )
        _say(*tables.card(self.kb.neuron(made.ids(self.base)[0])))
        _say("The others' cards:", *(f"  .venv/bin/neuronkb neuron {name}" for name in made.ids(self.base)[1:]), "")

    def _graphs(self, made: Evidence) -> None:
        with output.progress() as progress:
            made.graphs(self.base, progress)
        _say(
            "3. What each fires on, as a graph that predicts it (Neuron to Graph): its F1 on other articles beside "
            "lookups by token and by 5-gram, and the strongest paths, the firing token last.\n"
        )
        best = [max(self.kb.graphs(name), key=lambda card: card.facts["f1"] or 0.0) for name in made.ids(self.base)]
        for card in best:
            _say(*graph_tables.card(card, PATHS))
        drawing = self.cache / "graph.svg"
        graph_tables.draw(best[0], drawing, NODES)
        _say(f"The first of them, drawn: {drawing}\n")

    def _probes(self, made: Evidence) -> None:
        with output.progress() as progress:
            made.probes(self.base, progress)
        _say(
            "4. Probes on labelled text: which single neuron of these layers tells that a token is a month, or that "
            "one comes next? Beside its F1 what always saying yes gets, and the best of as many random directions.\n"
        )
        for feature in FEATURES:
            _say(*probe_tables.detections(self.kb.find_feature(feature, model=self.base.name, top=ROWS)))

    def _sentences(self, made: Evidence) -> None:
        with output.progress() as progress:
            made.explanations(self.base, self.base.folder, progress)
        _say(
            "5. Explanations of the first neuron, and how well each predicts it on text it was not made from (r), "
            "beside another neuron's explanation (null); then the means over all. The sentences are by the model "
            "itself: where one is right, a judge of 270M makes nothing of it. The others need no language model.\n"
        )
        told = [one for one in self.kb.explanations.show(made.ids(self.base)[0]) if _is_scored(one)]
        _say(*explain_tables.card(told), explain_tables.summary(self.kb.explanations.report(self.base.name)))

    def _agreement(self, made: Evidence) -> None:
        with output.progress() as progress:
            found = self.kb.agree(self.base.name, layers=made.layers, top=None, progress=progress)
        _say(
            "6. Who agrees? Words that independent methods give to the same side of a neuron, and how often they would "
            "with the words of another neuron of the layer.\n"
        )
        ours = tuple(one for one in found.found if one.neuron in made.ids(self.base))
        title = f"Of {found.tested:,} sides that two methods or more speak of, those of our neurons"
        _say(agree.pairs_table(found.pairs), agree.agreements_table(ours, self.base.name, title))

    def _fate(self, made: Evidence) -> None:
        with output.progress() as progress:
            made.corpus_pass(self.tuned, progress)
            made.probes(self.tuned, progress)
        _say(
            f"7. And in the fine-tune? {NOTE!r} is noted as a finding about them, and judged there by their rows, "
            "their decoded tokens and what they do on the same texts.\n"
        )
        names, ends = made.ids(self.base), (self.base.name, self.tuned.name)
        carried = self.kb.findings.carries(*ends)
        if not set(names) <= {one.source for one in carried}:
            self.kb.findings.add(NOTE, names, author=AUTHOR)
            with output.progress() as progress:
                carried = self.kb.findings.carry(*ends, progress=progress).carries
        _say(*finding.verdicts(carried, *ends))


def _first_of_each(sides: Iterable[Side], neurons: Iterable[NeuronId]) -> tuple[Side, ...]:
    """The first side of each neuron, in the order of the sides."""
    first: dict[str, Side] = {}
    for side in sides:
        first.setdefault(side.neuron, side)
    wanted = set(map(str, neurons))
    return tuple(side for name, side in first.items() if name in wanted)


def _is_scored(explanation: ExplanationView) -> bool:
    score = explanation.value()
    return score is not None and score.value is not None


def _say(*parts: Any) -> None:
    for part in parts:
        output.console().print(part)
