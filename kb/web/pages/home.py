"""Home: the models as a family, what is known of each and what is not yet, the latest findings and runs."""

from __future__ import annotations

from collections.abc import Mapping

from ..page import Desk, Page


def home(desk: Desk, given: Mapping[str, str]) -> Page:
    """What there is in the store."""
    return Page("home", "neuronkb", [desk.ask("models overview")], of_store=True)
