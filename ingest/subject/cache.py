"""Keys and values of a model's past, under the name that the installed transformers has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import signature
from typing import Any

from torch import nn

NAMES = ("cache", "past_key_values")
"""transformers 5.24 renamed the second to the first."""


def given_cache(module: nn.Module, cache: Any) -> dict[str, Any]:
    """The keyword argument that hands a cache, or None, to a model."""
    return {_name(type(module).forward): cache}


@lru_cache
def _name(forward: Callable[..., Any]) -> str:
    """Of the argument; looked up once, for it takes as long as a small layer."""
    return "cache" if "cache" in signature(forward).parameters else "past_key_values"


def positions_in(cache: Any) -> int | None:
    """How many positions a cache holds; None where it does not say, as one of linear-attention layers alone."""
    try:
        return int(cache.get_seq_length())
    except (AttributeError, ValueError):
        return None


def plain_cache(found: Mapping[str, Any]) -> Any:
    """The cache in what a model returned, where it holds attention's keys and values alone; else None.

    Layers with states of their own keep those at one row when a cache is laid out in several, and in some families the
    next token read from them is not the one that the whole text gives.
    """
    cache = cache_in(found)
    layers = getattr(cache, "layers", None)
    return None if not layers or any(hasattr(layer, "recurrent_states") for layer in layers) else cache


def cache_in(found: Mapping[str, Any]) -> Any:
    """The cache among a model's keyword arguments or in what it returned; None without one."""
    return next((found[name] for name in NAMES if found.get(name) is not None), None)
