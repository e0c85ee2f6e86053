"""Graphs built for all neurons together beside the 2023 script's way, one neuron at a time.

Random weights: how much is run, and how long it takes, not what is found.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.n2g.engine import Engine, Target
from neuronkb.ingest.n2g.evaluate import judge
from neuronkb.ingest.n2g.extract import Surroundings, extract
from neuronkb.ingest.n2g.paper import extract_paper
from neuronkb.ingest.n2g.passes import Passes
from neuronkb.ingest.n2g.propose import SubjectProposer
from neuronkb.ingest.n2g.settings import Settings
from neuronkb.ingest.n2g.similar import GRAPH_MEASURES, GraphSets, most_alike
from neuronkb.ingest.n2g.windows import Material, read, select
from neuronkb.ingest.subject.live import LiveModel

from .report import Row

VOCABULARY, WIDTH, MLP, LAYERS, LENGTH = 4096, 128, 512, 2, 128
NEURONS = 64
"""Built together, and one at a time: what one neuron takes differs too much between neurons to draw a few."""
ROUNDS = 3
"""Of both ways in turn; the fastest of each counts."""
SCRIPT, WANTED = 5.5, 0.25
"""CPU-seconds a neuron: the published script's on a model of this size (docs/n2g.md), and what is wanted here."""
COMPARED, WORDS, ALL_PAIRS = 18_432, 20_000, 60.0
"""Neurons that are compared, tokens that their graphs may hold, and seconds wanted at most."""
SETTINGS = Settings(build=10, report=10, random=16, substitutes=5)


def rates() -> Iterator[Row]:
    """Building beside the script's way, and comparing all graphs of a model."""
    yield from building()
    yield from comparing()


def comparing() -> Iterator[Row]:
    """All pairs of 18,432 neurons, the ten most alike of each, by every measure; loaded sets, one thread."""
    random = np.random.default_rng(0)
    words = [[_some(random, WORDS, most) for _ in range(COMPARED)] for most in (20, 40)]
    paths = [dict.fromkeys(_some(random, 20 * WORDS, 60), 0.5) for _ in range(COMPARED)]
    begin = time.process_time()
    sets = GraphSets.of(words[0], words[1], paths)
    for measure in GRAPH_MEASURES:
        found = sum(len(one.others) for one in most_alike(sets, measure))
        assert found > COMPARED
    spent = time.process_time() - begin
    what = f"CPU, all pairs of {COMPARED:,} graphs by {len(GRAPH_MEASURES)} measures"
    yield Row(
        "n2g", what, spent, "s", f"of the {ALL_PAIRS:.0f} s wanted for each", spent / len(GRAPH_MEASURES) / ALL_PAIRS
    )


def _some(random: np.random.Generator, many: int, most: int) -> list[str]:
    """Up to `most` names, common ones oftener: in a model's graphs a few tokens are everywhere."""
    return [str(name) for name in np.unique(np.minimum(random.zipf(1.2, random.integers(1, most)), many))]


def building() -> Iterator[Row]:
    """Token-forwards and CPU-seconds a neuron; 20 windows of 128 tokens each, as many substitutes both ways."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # what a second one waits is no work
    with tempfile.TemporaryDirectory() as folder:
        live, corpus = _model(Path(folder))
        random = np.random.default_rng(0)
        targets = [
            Target(layer, int(i)) for layer in range(LAYERS) for i in random.choice(MLP, NEURONS // LAYERS, False)
        ]
        materials = _read(live, corpus, targets)
        both = [
            [
                _run(live, corpus, targets, materials, replace(SETTINGS, algorithm=name))
                for name in ("paper", "neuronkb")
            ]
            for _ in range(ROUNDS)
        ]
        paper, ours = (min(rounds, key=lambda found: found[1]) for rounds in zip(*both, strict=True))
    torch.set_num_threads(threads)
    what = f"a neuron, {LAYERS} layers, width {WIDTH}, {SETTINGS.build + SETTINGS.report} windows of {LENGTH}"
    against = "one neuron at a time, as the script does"
    yield Row("n2g", f"token-forwards {what}", ours[0], "tokens", f"fewer: {against} (10 wanted)", paper[0] / ours[0])
    yield Row("n2g", f"CPU, {what}, judged", ours[1], "s", f"less: {against} (8 wanted)", paper[1] / ours[1])
    yield Row("n2g", f"CPU, {what}, judged", ours[1], "s", f"of the {WANTED} s wanted", ours[1] / WANTED)


def _run(
    live: LiveModel, corpus: Corpus, targets: list[Target], materials: list[Material], settings: Settings
) -> tuple[float, float]:
    """Token-forwards and CPU-seconds a neuron, the proposer's among them."""
    paper = settings.algorithm == "paper"
    assert live.subject is not None
    vocabulary = live.subject.vocabulary
    parts = [[i] for i in range(len(targets))] if paper else [list(range(len(targets)))]
    tokens, begin = 0, time.process_time()
    proposing = Engine(live, ())
    around = Surroundings(
        (int(corpus.tokens[0, 0]),), 0, vocabulary.texts, SubjectProposer(live, vocabulary, proposing)
    )
    for part in parts:
        engine = Engine(live, [targets[i] for i in part], share=not paper)
        some = [materials[i] for i in part]
        for graph, material in zip(
            (extract_paper if paper else extract)(engine, some, around, settings), some, strict=True
        ):
            judge(graph, material, settings)
        tokens += engine.tokens
    spent = time.process_time() - begin
    return (tokens + proposing.tokens) / len(targets), spent / len(targets)


def _read(live: LiveModel, corpus: Corpus, targets: list[Target]) -> list[Material]:
    assert live.subject is not None
    passes = Passes(live, corpus, targets)
    return read(passes, live.subject.vocabulary.texts, select(passes, SETTINGS))


def _model(folder: Path) -> tuple[LiveModel, Corpus]:
    """A random GPT-2 and random words with frequencies like a text's."""
    from tokenizers import Tokenizer as Words
    from tokenizers import decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=4,
        n_inner=MLP,
        n_positions=LENGTH,
        bos_token_id=1,
        eos_token_id=2,
    )
    made: Any = GPT2LMHeadModel(config)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.ndim == 2 and "wpe" not in name:
                parameter.mul_(5)
    made.save_pretrained(folder / "model")
    names = ["<unk>", "<s>", "</s>", *(f"▁{_word(i)}" for i in range(VOCABULARY - 3))]
    tokenizer = Words(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(names[:3])
    tokenizer.save(str(folder / "model" / "tokenizer.json"))
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", **special}
    (folder / "model" / "tokenizer_config.json").write_text(json.dumps(settings))
    random = np.random.default_rng(0)
    numbers = np.minimum(random.zipf(1.3, (400, LENGTH)), VOCABULARY - 4)
    lines = (json.dumps({"id": f"d{i}", "text": " ".join(map(_word, row))}) for i, row in enumerate(numbers.tolist()))
    (folder / "texts.jsonl").write_text("\n".join(lines))
    texts, at = read_documents(folder / "texts.jsonl"), folder / "corpus"
    corpus = Corpus.build(texts, Tokenizer.open(folder / "model"), at, {"length": LENGTH, "similarity": None})
    return LiveModel.open(folder / "model", dtype="float32", device="cpu"), corpus


def _word(number: int) -> str:
    """A word of letters."""
    letters = ""
    while True:
        letters += chr(97 + number % 26)
        number //= 26
        if not number:
            return letters
