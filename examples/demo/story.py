"""The demo's story: which neurons know about months, on whose word, and did they survive the fine-tune?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronkb import KnowledgeBase
from neuronkb.kb.cli import agree, finding, graph_tables, output, probe_tables, sections, tables
from neuronkb.queries import ExplanationView, Side
from neuronkb.queries.answers.neuron_sections import explained
from neuronkb.schema import NeuronId

from .evidence import Evidence, Model
from .months import HEADER, month_labels
from .sample import small_corpus
from .stages import Stages
from .texts import sample_texts

if TYPE_CHECKING:
    from rich.table import Table

LAYERS = (11, 13, 17)
"""Decoded before the others: where the base's clearest neurons of months are."""
CONCEPT = "months"
SIDES = 15
"""Rankings that are looked at for neurons."""
NEURONS = 4
"""Taken at most."""
ROWS = 5
"""Of a table, at most; paths of a graph."""
NODES = 30
"""Of a graph's drawing."""
FEATURES = tuple(feature.name for feature in HEADER.features)
NOTE = "names months"
AUTHOR = "make demo"


def choose(sides: Iterable[Side], neurons: int = NEURONS) -> tuple[NeuronId, ...]:
    """The neurons of the first sides, at most so many."""
    chosen = dict.fromkeys(NeuronId.parse(side.neuron) for side in sides)
    return tuple(chosen)[:neurons]


def first_look(kb: KnowledgeBase, model: Model) -> Table:
    """Which neurons name months, of the layers that are in."""
    return tables.concepts(kb.concepts([CONCEPT], model=model.name, top=ROWS))


@dataclass(frozen=True)
class Story:
    """Told on a store that holds the layers of LAYERS, of the base first."""

    kb: KnowledgeBase
    base: Model
    cache: Path
    stages: Stages

    def of_the_base(self) -> None:
        """Make what is missing, and show each step as it is ready. Nothing where no neuron names the concept."""
        _say("\nWhich neurons know about months, on whose word, and did they survive the fine-tune?\n")
        if not self._neurons:
            _say(f"No neuron of {self.base.name} names {CONCEPT}.")
            return
        (concept,) = self._concepts
        layers = ", ".join(map(str, LAYERS))
        _say(f"1. Their weights. Rankings of layers {layers} with most months among their ten tokens:\n")
        _say(tables.concepts([replace(concept, sides=_first_of_each(concept.sides, self._neurons))]))
        for step in (self._text, self._graphs, self._probes, self._sentences, self._agreement):
            step(self._made)

    def of_the_fine_tune(self, tuned: Model) -> None:
        """What became of them in a model whose layers are in the store and linked to the base's."""
        if not self._neurons:
            return
        made = self._made
        with self.stages("text, fine-tune") as progress:
            made.corpus_pass(tuned, progress)
        with self.stages("probes, fine-tune") as progress:
            made.probes(tuned, progress)
        _say(
            f"7. And in the fine-tune? {NOTE!r} is noted as a finding about them, and judged there by their weights, "
            "their decoded tokens and what they do on the same texts.\n"
        )
        names, ends = made.ids(self.base), (self.base.name, tuned.name)
        carried = self.kb.findings.carries(*ends)
        if not set(names) <= {one.source for one in carried}:
            self.kb.findings.add(NOTE, names, author=AUTHOR)
            with self.stages("judge the finding there") as progress:
                carried = self.kb.findings.carry(*ends, progress=progress).carries
        _say(*finding.verdicts(carried, *ends))

    @cached_property
    def _concepts(self) -> Any:
        return self.kb.concepts([CONCEPT], model=self.base.name, top=SIDES)

    @cached_property
    def _neurons(self) -> tuple[NeuronId, ...]:
        (concept,) = self._concepts
        return choose(side for side in concept.sides if NeuronId.parse(side.neuron).layer in LAYERS)

    @cached_property
    def _made(self) -> Evidence:
        with self.stages("sample texts") as progress:
            texts = sample_texts(self.cache / "texts.jsonl", progress)
            corpus = small_corpus(texts, self.cache / "articles.jsonl")
            labels = month_labels(texts, self.cache / "months.jsonl")
        return Evidence(self.kb, self._neurons, corpus, labels)

    def _text(self, made: Evidence) -> None:
        with self.stages("text") as progress:
            made.corpus_pass(self.base, progress)
        _say(
            "2. What they do on text, the beginnings of 107 articles: the first neuron's card. + and - are the "
            "two signs of its value, each with the excerpts on which it is largest.\n"
        )
        card = self.kb.neuron(made.ids(self.base)[0])
        _say(*sections.drawn(card.neuron, card.lead, card.sections()))
        _say("The others' cards:", *(f"  .venv/bin/neuronkb neuron {name}" for name in made.ids(self.base)[1:]), "")

    def _graphs(self, made: Evidence) -> None:
        with self.stages("graphs") as progress:
            made.graphs(self.base, progress)
        _say(
            "3. What the first fires on, as a graph that predicts it (Neuron to Graph): its F1 on other articles "
            "beside lookups by token and by 5-gram, and the strongest paths, the firing token last.\n"
        )
        first, *others = made.ids(self.base)
        best = max(self.kb.graphs(first), key=lambda card: card.facts["f1"] or 0.0)
        _say(*graph_tables.card(best, ROWS))
        drawing = self.cache / "graph.svg"
        graph_tables.draw(best, drawing, NODES)
        _say(f"Drawn: {drawing}. The others:", *(f"  .venv/bin/neuronkb n2g show {name}" for name in others), "")

    def _probes(self, made: Evidence) -> None:
        with self.stages("probes") as progress:
            made.probes(self.base, progress)
        _say(
            "4. Probes on labelled text: which single neuron of these layers tells that a token is a month, or that "
            "one comes next? Beside its F1 what always saying yes gets, and the best of as many random directions.\n"
        )
        for feature in FEATURES:
            _say(*probe_tables.detections(self.kb.find_feature(feature, model=self.base.name, top=ROWS)))

    def _sentences(self, made: Evidence) -> None:
        with self.stages("explanations") as progress:
            made.explanations(self.base, self.base.folder, progress)
        _say(
            "5. Explanations of the first neuron, and how well each predicts it on text it was not made from (r), "
            "beside another neuron's explanation (null). The sentences are by the model itself: where one is right, "
            "a judge of 270M makes nothing of it. The others need no language model.\n"
        )
        told = [one for one in self.kb.explanations.show(made.ids(self.base)[0]) if _is_scored(one)]
        _say(*sections.rows(explained(told)))

    def _agreement(self, made: Evidence) -> None:
        with self.stages("agreement") as progress:
            found = self.kb.agree(self.base.name, layers=made.layers, top=None, progress=progress)
        _say(
            "6. Who agrees? Words that independent methods give to the same sign of a neuron, and how often they would "
            "with the words of another neuron of the layer.\n"
        )
        ours = tuple(one for one in found.found if one.neuron in made.ids(self.base))
        title = f"Of {found.tested:,} that two methods or more speak of, those of our neurons"
        _say(agree.pairs_table(found.pairs), agree.agreements_table(ours[:ROWS], self.base.name, title))


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
