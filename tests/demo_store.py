"""The demo on a quarter of the neurons of two layers of Gemma, with its 40,000 most usual tokens: its own steps on a
small corpus, so that a store of evidence of every method costs a minute."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from neuronkb.examples.demo import evidence
from neuronkb.examples.demo.evidence import Evidence, Model
from neuronkb.examples.demo.finetune import NAME as TUNED
from neuronkb.examples.demo.finetune import Recipe, fine_tune
from neuronkb.examples.demo.gemma import NAME as BASE
from neuronkb.examples.demo.months import month_labels
from neuronkb.examples.demo.sample import small_corpus
from neuronkb.examples.demo.story import NOTE, choose
from neuronkb.examples.demo.tensors import WEIGHTS, load_tensors, save_tensors
from neuronkb.examples.demo.texts import sample_texts
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop

KEPT = (11, 17)
"""Layers with neurons that name months; the fine-tune trains the second."""
EACH = 4
"""Of so many neurons one is kept."""
USUAL = 40_000
"""Tokens that are kept: those that the tokenizer made first."""
LATIN, SPACE = 0x250, "▁"
"""Characters below and the tokenizer's space are kept, wherever they stand in the vocabulary: others are merged from
them."""
RECIPE = Recipe(steps=2, first_layer=1)
CHARACTERS = 500
GRAPHS = {"build": 4, "report": 4, "random": 32, "substitutes": 1, "pivots": 4}
EXPLAIN = {"methods": ("token_activations",), "top": 2, "random": 2, "choose": 0, "shown": 3, "scan": 100}


def two_layers(base: Path, folder: Path) -> Path:
    """The model with the layers KEPT alone, every fourth of their neurons, and its most usual tokens."""
    folder.mkdir()
    shutil.copyfile(base / "tokenizer_config.json", folder / "tokenizer_config.json")
    tokens = usual_tokens(base / "tokenizer.json", folder / "tokenizer.json")
    shutil.copyfile(base / "generation_config.json", folder / "generation_config.json")
    config = json.loads((base / "config.json").read_text("utf-8"))
    config |= {"num_hidden_layers": len(KEPT), "layer_types": [config["layer_types"][layer] for layer in KEPT]}
    config["intermediate_size"] //= EACH
    config["vocab_size"] = len(tokens)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tensors = {}
    for name, tensor in load_tensors(base / WEIGHTS).items():
        layer = re.match(r"model\.layers\.(\d+)\.", name)
        if "embed_tokens" in name or "lm_head" in name:
            tensors[name] = tensor[tokens].contiguous()
        elif layer is None:
            tensors[name] = tensor
        elif int(layer[1]) in KEPT:
            place = KEPT.index(int(layer[1]))
            tensors[f"model.layers.{place}.{name[layer.end() :]}"] = fewer(name, tensor)
    save_tensors(tensors, folder / WEIGHTS)
    return folder


def usual_tokens(tokenizer: Path, fresh: Path) -> list[int]:
    """Write a tokenizer that knows the usual tokens alone, numbered anew; their numbers in the whole vocabulary."""
    known = json.loads(tokenizer.read_text("utf-8"))
    whole: dict[str, int] = known["model"]["vocab"]
    kept = {
        text: number
        for text, number in sorted(whole.items(), key=lambda item: item[1])
        if number < USUAL or text == SPACE or (len(text) == 1 and ord(text) < LATIN)
    }
    known["model"]["vocab"] = {text: number for number, text in enumerate(kept)}
    known["model"]["merges"] = [
        pair for pair in known["model"]["merges"] if all(text in kept for text in (*pair, "".join(pair)))
    ]
    known["added_tokens"] = [token for token in known["added_tokens"] if token["id"] < USUAL]
    fresh.write_text(json.dumps(known), encoding="utf-8")
    return list(kept.values())


def fewer(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """A matrix of the kept neurons."""
    if ".mlp." not in name:
        return tensor
    return (tensor[:, ::EACH] if "down_proj" in name else tensor[::EACH]).contiguous()


def build(kb: KnowledgeBase, base: Path, work: Path) -> None:
    """All that the demo makes, into a store that is set up; `base` is the whole model, which writes the sentences."""
    small = Model(BASE, two_layers(base, work / BASE))
    tuned = Model(TUNED, fine_tune(small.folder, work / TUNED, recipe=RECIPE).folder)
    for model in (small, tuned):
        kb.lm_head.ingest(model.folder, name=model.name)
    kb.links.make(BASE, TUNED)
    texts = sample_texts(work / "texts.jsonl")
    corpus = small_corpus(texts, work / "articles.jsonl", CHARACTERS)
    (months,) = kb.words.concepts(["months"], model=BASE, top=4).concepts
    made = Evidence(kb, choose(months.ends, neurons=2), corpus, month_labels(texts, work / "months.jsonl"))
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(evidence, "GRAPHS", evidence.GRAPHS | GRAPHS)
        smaller.setattr(evidence, "EXPLAIN", evidence.EXPLAIN | EXPLAIN)
        for model in (small, tuned):
            made.corpus_pass(model)
            made.probes(model)
        made.graphs(small)
        made.explanations(small, base)
    kb.findings.add(NOTE, about=made.ids(small), author="test")
    kb.findings.carry(BASE, TUNED)


def kept(shared: Path, cache: Path) -> Path:
    """A closed store with all of it and the bundles beside it, built once in `shared` for the processes of a test run:
    to be copied."""
    from neuronkb.examples.demo.gemma import base_model

    folder, done = shared / "demo-store", shared / "demo-store.done"
    with FileLock(shared / "demo-store.lock"):
        if not done.exists():
            work = shared / "demo-work"
            work.mkdir()
            with KnowledgeBase.open(folder) as kb:
                kb.db.setup()
                build(kb, base_model(cache), work)
            stop(folder)
            done.touch()
    return folder
