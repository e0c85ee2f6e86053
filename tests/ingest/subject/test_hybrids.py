"""Attention beside state-space layers, linear attention or convolutions: clamped as in a pass over the whole text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.continuation import continuations
from neuronkb.ingest.subject.hooks import Shape
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError
from torch import nn

from .hybrids import HYBRIDS, build_hybrid
from .tokenizers import byte_level

PROMPT = "month of August"
TOKENS = 5


def written(live: LiveModel, ids: list[int], *clamps: Clamp) -> list[int]:
    """The likeliest tokens, each from a pass over all before it."""
    found = list(ids)
    while len(found) < len(ids) + TOKENS:
        with live.clamped(clamps) as model:
            logits: torch.Tensor = model(input_ids=torch.tensor([found]), use_cache=False).logits
        found.append(int(logits[0, -1].argmax()))
    return found[len(ids) :]


@pytest.mark.parametrize("family", HYBRIDS)
def test_what_is_written_follows_from_the_whole_text(family: str, tmp_path: Path) -> None:
    tokenizer = byte_level(tmp_path)
    live = LiveModel.of(build_hybrid(family, len(tokenizer)))
    live.model.generation_config.eos_token_id = None
    live.__dict__["tokenizer"] = tokenizer
    ids = tokenizer(PROMPT).input_ids
    for positions in (None, (-1,), (len(ids) + 1,)):
        found = continuations(live, PROMPT, [Clamp(0, 3, 30.0, positions=positions)], tokens=TOKENS)
        asked = None if positions is None else tuple(p % len(ids) if p < 0 else p for p in positions)
        after = written(live, ids, Clamp(0, 3, 30.0, positions=asked))
        assert 1 not in after  # the tokenizer's end token, at which writing would stop
        assert found.written_before == text(tokenizer, ids, written(live, ids))
        assert found.written_after == text(tokenizer, ids, after)


def text(tokenizer: Any, ids: list[int], written: list[int]) -> str:
    whole: str = tokenizer.decode([*ids, *written], skip_special_tokens=True)
    return whole.removeprefix(PROMPT)


def test_a_cache_that_does_not_say_its_length_is_refused_where_positions_count() -> None:
    with pytest.raises(ModelError, match="does not say how many positions it holds"):
        Shape().note(nn.Identity(), (torch.zeros(1, 1),), {"past_key_values": object()})
