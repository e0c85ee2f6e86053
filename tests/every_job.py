"""Every job on one pair of planted models, small enough to run again and again.

`materials` lays out what the jobs read, `run` runs them. tests/data/versions keeps stores that older releases made with
this file as it was then: materials and settings stay the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from neuronkb.ingest.explain.simulators.choice import simulator
from neuronkb.ingest.explain.work import Asking
from neuronkb.ingest.llm.client import Ability, Completion, Scores, Slots, Usage
from neuronkb.kb.jobs import explanations as explaining
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.tests import planted

CPU = {"dtype": "float32", "device": "cpu"}
DECODING = {"k": 2, "device": "cpu"}
WINDOWS = {"length": 16, "similarity": None}
PASS = {"k": 2, "per_band": 1, "tokens": 3, "least": 5, **CPU}
PROBES = {"ks": (1, 2), "methods": ("mean_difference", "optimal"), "most": 3, **CPU}
GRAPHS = {"build": 4, "report": 4, "random": 8, "substitutes": 1, "places": 1, "pivots": 2, **CPU}
CLAMPS = {"null_neurons": 4, "pool": 12, "null_tokens": 19, "band": 20, "multiples": (1.0,), **CPU}
SAYING = {
    "methods": ("token_activations",),
    "choose": 1,
    "examples": 2,
    "ablate": 1,
    "top": 2,
    "random": 2,
    "style": "base",
    "sides": "stronger",
    "device": "cpu",
}
NEURONS = [(1, 3), (0, 5)]
NAMES = [f"base/L{layer}/N{index}" for layer, index in NEURONS]
PROMPTS = ("filler9 filler12", "filler3 filler5 filler7")
TABLE = (
    "model,dataset,feature,layer,neuron,test_mcc,test_f1_score,coef\n"
    "pythia-70m,natural_lang_id.pyth.512.-1,fr,3,609,0.9,0.95,5.5\n"
)


class FirstWord:
    """A language model that explains a list by its first word and holds that a neuron fires on just that word."""

    id = fingerprint = "first word"
    abilities: Collection[Ability] = frozenset({"slots", "continuations"})

    def __init__(self) -> None:
        self.usage = Usage()

    def complete(self, prompts: Sequence[Any], *, each: Any = None, **how: Any) -> list[Completion]:
        lists = [prompt.rpartition("List: ")[2].partition("\n")[0] for prompt in prompts]
        return _told([Completion(f" {words.split(', ')[0]}\n", None, 10, 2) for words in lists], each)

    def slot_logs(self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Any = None) -> list[Scores]:
        found = []
        for slots in texts:
            word = slots.text.rpartition("fires on: ")[2].partition("\n")[0]
            logs = np.full((len(slots.at), len(continuations)), np.log(1e-9))
            for place, at in enumerate(slots.at):
                token = slots.text[:at].rpartition("\n")[2].strip()
                logs[place, continuations.index("10" if token == word else "0")] = 0.0
            found.append(Scores(logs, None, 10))
        return _told(found, each)

    def continuation_logs(self, prompts: Sequence[Any], continuations: Sequence[str], **how: Any) -> list[Scores]:
        found = []
        for prompt in prompts:
            topic, _, text = prompt.rpartition("Topic: ")[2].partition("\nText: ")
            found.append(Scores(np.array([0.0, -9.0] if topic in text else [-9.0, 0.0]), None, 10))
        return _told(found, how.get("each"))

    def close(self) -> None:
        pass


def _told(found: list[Any], each: Any) -> list[Any]:
    for number, one in enumerate(found):
        if each:
            each(number, one)
    return found


def materials(folder: Path) -> Path:
    """Two models, a text, labelled texts, published tables, explanations and graphs."""
    planted.base(folder / "base")
    planted.tuned(folder / "base", folder / "tuned")
    random = np.random.default_rng(3)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    lines = [{"id": f"d{i}", "text": " ".join(random.choice(words, 40))} for i in range(80)]
    _lines(folder / "texts.jsonl", lines)
    _lines(folder / "months.jsonl", [_HEADER, *(_labelled(i, random) for i in range(120))])
    (folder / "probes.csv").write_text(TABLE)
    said = {"modelId": "gpt2-small", "layer": "3-mlp", "description": "names of months"}
    rows = [{**said, "index": i, "typeName": "np_max-act", "explanationModelName": "gpt"} for i in (17, 18)]
    (folder / "published").mkdir()
    _lines(folder / "published" / "batch-0.jsonl", rows)
    (folder / "toy").mkdir()
    stats = {"0": {"0": {"1": {"precision": 0.5, "recall": 0.5, "f1-score": 0.5, "support": 2}}}}
    (folder / "toy" / "stats.json").write_text(json.dumps(stats))
    return folder


_HEADER = {
    "neuronkb_features": 1,
    "category": "planted",
    "features": ["has_month"],
    "negatives": "labelled",
    "at": "last",
    "aggregation": "mean",
    "share": 0.4,
    "skip": 1,
    "length": 16,
    "least": 3,
    "tokens": 60000,
}


def _labelled(number: int, random: np.random.Generator) -> dict[str, Any]:
    kinds = planted.MONTHS if number % 2 else planted.FILLER
    return {"text": " ".join(random.choice(kinds, 8)), "group": f"g{number}", "labels": {"has_month": bool(number % 2)}}


def _lines(path: Path, rows: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(kb: KnowledgeBase, given: Path, base: str = "base") -> dict[str, int]:
    """Run every job over `materials`; new rows of the store by job. `base` is what the base model is called."""
    model, texts = given / "base", given / "texts.jsonl"
    named = model if base == "base" else base
    return {
        "lm-head": kb.lm_head.ingest(model, name=base, settings=DECODING).total,
        "lm-head tuned": kb.lm_head.ingest(given / "tuned", settings=DECODING).total,
        "activations": kb.activations.ingest(model, texts, name=base, windows=WINDOWS, settings=PASS).total,
        "probes": kb.probes.ingest(model, features=[str(given / "months.jsonl")], name=base, settings=PROBES).total,
        "n2g": kb.n2g.ingest(model, texts, name=base, neurons=NEURONS, windows=WINDOWS, settings=GRAPHS).total,
        "explanations": explanations(kb, given, base),
        "clamp": kb.causal.ingest(
            named,
            neurons=[f"L{layer}/N{index}:down+" for layer, index in NEURONS],
            prompts=PROMPTS,
            settings=CLAMPS,
        ).load.total,
        "feeds": kb.feeds.ingest(named, settings={"k": 2, "device": "cpu"}).total,
        "link": kb.links.make(base, "tuned", base_weights=str(model), tuned_weights=str(given / "tuned")).load.total,
        "match": kb.similar.match(named, given / "tuned", settings={"k": 2, "device": "cpu"}).load.total,
        "import-probes": kb.probes.import_(given / "probes.csv").total,
        "import-explanations": kb.explanations.import_(given / "published", embed=False).total,
        "import-n2g": kb.n2g.import_(given / "toy").load.total,
    }


def explanations(kb: KnowledgeBase, given: Path, base: str = "base") -> int:
    """Explanations by a language model of our own, without an embedder; new rows of the store."""
    client = FirstWord()
    asking = Asking(client, simulator(client), client, base=True, judge_base=True)
    names = [f"L{layer}/N{index}" for layer, index in NEURONS]
    with patch.object(explaining, "_asking", return_value=asking):
        model = given / "base" if base == "base" else base
        return kb.explanations.ingest(model, explainer=client.id, neurons=names, settings=SAYING).load.total


def by_hand(kb: KnowledgeBase, given: Path) -> None:
    """What people add: a finding, carried to the fine-tune, and a rating."""
    kb.findings.add("writes months", about=[NAMES[0]], author="ann")
    kb.findings.carry("base", "tuned", base_weights=str(given / "base"), tuned_weights=str(given / "tuned"))
    for sheet in kb.ratings.sheets("base", "ann", count=1):
        kb.ratings.save(sheet, "ann", [3.0] * len(sheet.shown))
