"""What people noted about neurons, and what became of it in fine-tunes."""

from __future__ import annotations

from collections.abc import Mapping

from ..page import Desk, Page


def findings(desk: Desk, given: Mapping[str, str]) -> Page:
    """All findings, or those about a model; forms to note and to carry where the server may write."""
    model = given.get("model") or None
    pairs = desk.pairs()
    more = {"pairs": pairs, "allow_write": desk.allow_write, "model": model, "about": given.get("about", "")}
    return Page("findings", "Findings", [desk.ask("findings list", model=model)], model=model, more=more, of_store=True)


def finding(desk: Desk, given: Mapping[str, str]) -> Page:
    """One finding with its verdicts."""
    block = desk.ask("findings show", finding=given["finding"])
    return Page("plain", "A finding", [block], more={"lead": "", "section": "findings"}, of_store=True)
