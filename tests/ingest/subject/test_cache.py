"""A model's past, whatever the installed transformers calls it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.cache import NAMES, cache_in, given_cache, positions_in
from torch import nn
from transformers import DynamicCache


class Older(nn.Module):
    def forward(self, input_ids: Any, past_key_values: Any = None) -> Any:
        return past_key_values


class Newer(nn.Module):
    def forward(self, input_ids: Any, cache: Any = None) -> Any:
        return cache


@pytest.mark.parametrize("model", [Older(), Newer()])
def test_each_model_is_handed_the_cache_by_its_own_name(model: nn.Module) -> None:
    held = DynamicCache()
    assert model(torch.zeros(1, 1), **given_cache(model, held)) is held
    assert model(torch.zeros(1, 1), **given_cache(model, None)) is None


def test_it_is_found_by_either_name() -> None:
    held = DynamicCache()
    assert len(held) == 0  # an empty cache is one all the same
    for name in NAMES:
        assert cache_in({name: held}) is held
        assert cache_in({name: None}) is None
    assert cache_in({"input_ids": 1}) is None


def test_a_cache_says_how_many_positions_it_holds_or_not() -> None:
    held = DynamicCache()
    assert positions_in(held) == 0
    held.update(torch.zeros(1, 1, 3, 2), torch.zeros(1, 1, 3, 2), 0)
    assert positions_in(held) == 3
    assert positions_in(None) is None
    assert positions_in(object()) is None
