"""Keys and values of a model's past, under the name that the installed transformers has for them."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from torch import nn

NAMES = ("cache", "past_key_values")
"""transformers 5.24 renamed the second to the first."""


def given_cache(module: nn.Module, cache: Any) -> dict[str, Any]:
    """The keyword argument that hands a cache, or None, to a model."""
    known = signature(module.forward).parameters
    return {"cache" if "cache" in known else "past_key_values": cache}


def cache_in(found: Mapping[str, Any]) -> Any:
    """The cache among a model's keyword arguments or in what it returned; None without one."""
    return next((found[name] for name in NAMES if found.get(name) is not None), None)
