"""A model whose neurons are known, explained by a language model that answers by rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from neuronkb.ingest.explain.job import ExplanationsJob
from neuronkb.ingest.explain.settings import Settings
from neuronkb.ingest.explain.simulators.choice import simulator
from neuronkb.ingest.explain.work import Asking
from neuronkb.ingest.llm.cache import AnswerCache
from neuronkb.ingest.llm.cached import CachedClient
from neuronkb.ingest.llm.client import Ability, Completion, Scores, Slots, Usage
from neuronkb.ingest.progress import silent
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.kb.inputs.evidence import StoredEvidence
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.schema import LanguageModelError
from neuronkb.tests.ingest.n2g import planted

NEURONS = [(0, planted.NEURON), (0, planted.ALWAYS), (0, planted.DEAD)]
FIRES, ALWAYS = (f"planted/L0/N{index}" for index in (planted.NEURON, planted.ALWAYS))
SETTINGS = Settings(choose=2, examples=4, ablate=2, style="base", device="cpu", methods=("token_activations",))


class Model:
    """A language model that explains a list by its first word and holds that a neuron fires on just that word.

    It dies after so many answers, where it is told to.
    """

    id = fingerprint = "first word"
    abilities: Collection[Ability] = frozenset({"slots", "continuations"})

    def __init__(self, dies_after: int | None = None) -> None:
        self.asked: list[Any] = []
        self.left = dies_after
        self.usage = Usage()

    def _told(self, prompt: Any) -> None:
        if self.left == 0:
            raise LanguageModelError("the server is gone")
        self.left = None if self.left is None else self.left - 1
        self.asked.append(prompt)
        self.usage.requests += 1

    def complete(self, prompts: Sequence[Any], *, each: Any = None, **how: Any) -> list[Completion]:
        found = []
        for number, prompt in enumerate(prompts):
            self._told(prompt)
            words = prompt.rpartition("List: ")[2].partition("\n")[0].split(", ")
            found.append(Completion(f" {words[0]}\n", None, 10, 2))
            if each:
                each(number, found[-1])
        return found

    def slot_logs(self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Any = None) -> list[Scores]:
        found = []
        for number, slots in enumerate(texts):
            self._told(slots)
            word = slots.text.rpartition("fires on: ")[2].partition("\n")[0]
            logs = np.full((len(slots.at), len(continuations)), np.log(1e-9))
            for place, at in enumerate(slots.at):
                token = slots.text[:at].rpartition("\n")[2].strip()
                logs[place, continuations.index("10" if token == word else "0")] = 0.0
            found.append(Scores(logs, None, 10))
            if each:
                each(number, found[-1])
        return found

    def continuation_logs(self, prompts: Sequence[Any], continuations: Sequence[str], **how: Any) -> list[Scores]:
        found = []
        for prompt in prompts:
            self._told(prompt)
            topic, _, text = prompt.rpartition("Topic: ")[2].partition("\nText: ")
            yes = topic in text.partition("<<")[2].partition(">>")[0] if "<<" in text else topic in text
            found.append(Scores(np.array([0.0, -9.0] if yes else [-9.0, 0.0]), None, 10))
            if each := how.get("each"):
                each(len(found) - 1, found[-1])
        return found

    def close(self) -> None:
        pass


def prepare(kb: KnowledgeBase, folder: Path) -> None:
    """The planted model, decoded and run over a corpus, which is written beside it."""
    kb.lm_head.ingest(folder)
    texts = planted.texts(folder.with_name("texts.jsonl"), 240)
    windows = {"length": planted.LENGTH, "similarity": None}
    settings = {"k": 6, "tokens": 3, "least": 5, "dtype": "float32", "device": "cpu"}
    kb.activations.ingest(folder, texts, windows=windows, settings=settings)


def job(kb: KnowledgeBase, folder: Path, model: Model, settings: Settings = SETTINGS) -> ExplanationsJob:
    """As `kb.explanations.ingest` makes it, with a model of our own behind the cache."""
    live = LiveModel.open(folder, dtype="float32", device="cpu")
    assert live.subject is not None
    evidence = StoredEvidence(kb.db, kb.place, live.subject)
    client = CachedClient(model, AnswerCache(Path(kb.where) / "answers.sqlite"))
    asking = Asking(client, simulator(client), client, base=True, judge_base=True)
    work = Path(kb.where) / "unfinished"
    runs = evidence.runs
    return ExplanationsJob.open(
        live, evidence.corpus, evidence, asking, work, neurons=NEURONS, derived_from=runs, settings=settings
    )


def load(kb: KnowledgeBase, made: ExplanationsJob) -> None:
    folder = kb.place.bundle(made.run.id)
    write_and_load(made, kb.db, folder, clash="refuse", progress=silent)
