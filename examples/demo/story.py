"""The demo's story: which neurons know about months, on whose word, and did they survive the fine-tune?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronkb import KnowledgeBase
from neuronkb.kb.cli import output, sections
from neuronkb.kb.cli.emit import Sink, emit
from neuronkb.queries import End, ExplanationView
from neuronkb.queries.answers.explanations import headlines
from neuronkb.queries.answers.findings import carries
from neuronkb.queries.result.record import Record
from neuronkb.schema import NeuronId

from .evidence import Evidence, Model
from .months import HEADER, month_labels
from .sample import small_corpus
from .stages import Stages
from .texts import sample_texts

if TYPE_CHECKING:
    from neuronkb.queries.answers.ends import Concepts

LAYERS = (11, 13, 17)
"""Decoded before the others: where the base's clearest neurons of months are."""
CONCEPT = "months"
ENDS = 15
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


def choose(ends: Iterable[End], neurons: int = NEURONS) -> tuple[NeuronId, ...]:
    """The neurons of the first ends, at most so many."""
    chosen = dict.fromkeys(NeuronId.parse(end.neuron) for end in ends)
    return tuple(chosen)[:neurons]


def first_look(kb: KnowledgeBase, model: Model) -> Concepts:
    """Which neurons name months, of the layers that are in."""
    return kb.words.concepts([CONCEPT], model=model.name, top=ROWS)


@dataclass(frozen=True)
class Story:
    """Told on a store that holds the layers of LAYERS, of the base first."""

    kb: KnowledgeBase
    base: Model
    cache: Path
    stages: Stages

    def of_the_base(self) -> None:
        """Make what is missing, and show each step as it is ready. Nothing where no neuron names the concept."""
        say("\nWhich neurons know about months, on whose word, and did they survive the fine-tune?\n")
        if not self._neurons:
            say(f"No neuron of {self.base.name} names {CONCEPT}.")
            return
        (concept,) = self._concepts.concepts
        layers = ", ".join(map(str, LAYERS))
        say(f"1. Their weights. Rankings of layers {layers} with most months among their ten tokens:\n")
        ours = replace(concept, ends=_first_of_each(concept.ends, self._neurons))
        say(replace(self._concepts, concepts=(ours,)))
        for step in (self._text, self._graphs, self._probes, self._sentences, self._agreement):
            step(self._made)

    def of_the_fine_tune(self, tuned: Model) -> None:
        """What became of them in a model whose layers are in the store and linked to the base's."""
        if not self._neurons:
            return
        made = self._made
        with self.stages("text, fine-tune"):
            made.corpus_pass(tuned)
        with self.stages("probes, fine-tune"):
            made.probes(tuned)
        say(
            f"7. And in the fine-tune? {NOTE!r} is noted as a finding about them, and judged there by their weights, "
            "their decoded tokens and what they do on the same texts.\n"
        )
        names, ends = made.ids(self.base), (self.base.name, tuned.name)
        if not set(names) <= {carry.source for carry in carries(self.kb.db, base=ends[0], tuned=ends[1])}:
            self.kb.findings.add(NOTE, names, author=AUTHOR)
        with self.stages("judge the finding there"):
            carried = self.kb.findings.carry(*ends)
        say(carried)

    @cached_property
    def _concepts(self) -> Concepts:
        return self.kb.words.concepts([CONCEPT], model=self.base.name, top=ENDS)

    @cached_property
    def _neurons(self) -> tuple[NeuronId, ...]:
        (concept,) = self._concepts.concepts
        return choose(end for end in concept.ends if NeuronId.parse(end.neuron).layer in LAYERS)

    @cached_property
    def _made(self) -> Evidence:
        with self.stages("sample texts") as progress:
            texts = sample_texts(self.cache / "texts.jsonl", progress)
            corpus = small_corpus(texts, self.cache / "articles.jsonl")
            labels = month_labels(texts, self.cache / "months.jsonl")
        return Evidence(self.kb, self._neurons, corpus, labels)

    def _text(self, made: Evidence) -> None:
        with self.stages("text"):
            made.corpus_pass(self.base)
        say(
            "2. What they do on text, the beginnings of 107 articles: the first neuron's card. + and - are the "
            "two signs of its value, each with the excerpts on which it is largest.\n"
        )
        say(self.kb.card(made.ids(self.base)[0]))
        say("The others' cards:", *(f"  .venv/bin/neuronkb card {name}" for name in made.ids(self.base)[1:]), "")

    def _graphs(self, made: Evidence) -> None:
        with self.stages("graphs"):
            made.graphs(self.base)
        say(
            "3. What the first fires on, as a graph that predicts it (Neuron to Graph): its F1 on other articles "
            "beside lookups by token and by 5-gram, and the strongest paths, the firing token last.\n"
        )
        first, *others = made.ids(self.base)
        graphs = self.kb.n2g.show(first, paths=ROWS, nodes=NODES)
        best = max(graphs.graphs, key=lambda card: card.facts["f1"] or 0.0)
        graphs = replace(graphs, graphs=(best,))
        say(graphs)
        drawing = self.cache / "graph.svg"
        emit(graphs, Sink("svg", drawing))
        say(f"Drawn: {drawing}. The others:", *(f"  .venv/bin/neuronkb n2g show {name}" for name in others), "")

    def _probes(self, made: Evidence) -> None:
        with self.stages("probes"):
            made.probes(self.base)
        say(
            "4. Probes on labelled text: which single neuron of these layers tells that a token is a month, or that "
            "one comes next? Beside its F1 what always saying yes gets, and the best of as many random directions.\n"
        )
        for feature in FEATURES:
            say(self.kb.probes.find(feature, model=self.base.name, top=ROWS))

    def _sentences(self, made: Evidence) -> None:
        with self.stages("explanations"):
            made.explanations(self.base, self.base.folder)
        say(
            "5. Explanations of the first neuron, and how well each predicts it on text it was not made from (r), "
            "beside another neuron's explanation (null). The sentences are by the model itself: where one is right, "
            "a judge of 270M makes nothing of it. The others need no language model.\n"
        )
        told = [one for one in self.kb.explanations.show(made.ids(self.base)[0]).explanations if _is_scored(one)]
        say(*sections.rows(headlines(told)))

    def _agreement(self, made: Evidence) -> None:
        with self.stages("agreement"):
            report = self.kb.words.agree(self.base.name, layers=made.layers, top=None)
        say(
            "6. Who agrees? Words that independent methods give to the same sign of a neuron, and how often they would "
            "with the words of another neuron of the layer.\n"
        )
        ours = tuple(side for side in report.agreements if side.neuron in made.ids(self.base))
        say(replace(report, agreements=ours[:ROWS]))


def _first_of_each(ends: Iterable[End], neurons: Iterable[NeuronId]) -> tuple[End, ...]:
    """The first end of each neuron, in the order of the ends."""
    first: dict[str, End] = {}
    for end in ends:
        first.setdefault(end.neuron, end)
    wanted = set(map(str, neurons))
    return tuple(end for name, end in first.items() if name in wanted)


def _is_scored(explanation: ExplanationView) -> bool:
    score = explanation.value()
    return score is not None and score.value is not None


def say(*parts: Any) -> None:
    """Print each part: a record as its tables."""
    for part in parts:
        drawn = sections.drawn(part.title, part.lead, part.sections()) if isinstance(part, Record) else [part]
        for renderable in drawn:
            output.console().print(renderable)
