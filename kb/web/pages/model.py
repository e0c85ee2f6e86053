"""A model at a glance, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

from ..page import Desk, Page


def model(desk: Desk, given: Mapping[str, str]) -> Page:
    """Layers, concepts, runs and what else was reported of a model."""
    name = given["model"]
    return Page("model", name, [desk.ask("models show", model=name)], model=name, of_store=True)
