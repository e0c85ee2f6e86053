"""Simulation of a neuron: all tokens of a window from one pass, beside one question a token.

Gemma 3 270M where `make demo` has laid it, else random weights of another size: how long it takes and whether both say
the same, not how good the simulation is.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neuronkb.ingest.explain.simulators.all_at_once import AllAtOnce
from neuronkb.ingest.explain.simulators.one_at_a_time import OneAtATime
from neuronkb.ingest.explain.simulators.simulator import Expected, Simulator, Window
from neuronkb.ingest.llm.local import LocalClient

from .report import Row

GEMMA = Path(".cache/gemma-3-270m")
TEXT = (
    " The ferry left the harbour in the rain on 3 May 1921 with forty passengers , a dozen sheep and the post . By noon"
    " the wind had turned , and the captain , who had crossed the strait every week for twenty years , told his mate to"
    " make fast whatever could still move . Nobody on board was afraid yet , though some of them would be"
)
WINDOW = tuple(f" {word}" for word in TEXT.split())[:64]
WANTED = 10.0


def rates() -> Iterator[Row]:
    """Seconds a window of 64 tokens in one thread; both ways read what the prompts share once."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        real = GEMMA.is_dir()
        client = LocalClient.open(GEMMA if real else _random(Path(folder)), dtype="float32", device="cpu")
        at_once, found = _timed(AllAtOnce(client), [WINDOW])
        singly, wanted = _timed(OneAtATime(client), [WINDOW])
    torch.set_num_threads(threads)
    apart = float(np.abs(found - wanted).max())
    what = f"a window of {len(WINDOW)} tokens simulated by {'Gemma 3 270M' if real else 'a random Llama'}, one thread"
    yield Row("explain", what, at_once, "s", f"less: one question a token ({WANTED:g} wanted)", singly / at_once)
    yield Row("explain", "largest difference of the two, scale 0 to 10", apart, "", "of the 1e-4 allowed", apart / 1e-4)


def _timed(simulator: Simulator, windows: list[Window]) -> tuple[float, Expected]:
    simulator.simulate("sailing", [WINDOW[:4]])  # what the first call alone does is not counted
    begin = time.perf_counter()
    (found,) = simulator.simulate("words for weather", windows)
    return time.perf_counter() - begin, found


def _random(folder: Path) -> Path:
    """A Llama of four layers that reads bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM

    names = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(names[:2])
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(special))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(names),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
    )
    made: Any = LlamaForCausalLM(config)
    made.save_pretrained(folder)
    return folder
