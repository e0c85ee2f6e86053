"""Every verb, each with a form made from its signature: what has no page of its own has this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....queries.result.near import near
from ....schema import NotFoundError
from ..page import Desk, Page
from ..routes import described, path


def verbs(desk: Desk, given: Mapping[str, str]) -> Page:
    """What can be asked, by noun."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for offer in desk.offers.values():
        listed.setdefault(offer.verb.noun or "everyday", []).append(described(path(offer), offer))
    return Page("verbs", "Verbs", more={"listed": listed})


def verb(desk: Desk, given: Mapping[str, str]) -> Page:
    """A verb's form, and its answer where the address has what it needs."""
    name = f"{given.get('noun', '')} {given['verb']}".strip()
    offer = desk.offers.get(name)
    if offer is None:
        raise NotFoundError(f"no verb {name!r}{near(name, desk.offers)}")
    names = {one.name for one in offer.parameters}
    values = {key: text for key, text in given.items() if key in names and text != ""}
    needed = [one.name for one in offer.parameters if one.required and one.name not in values]
    asked = given.get("ask") == "1" or bool(values)
    blocks = [desk.try_(name, **values)] if asked and not needed and not offer.waits else []
    about = described(path(offer), offer)
    return Page("verb", name, blocks, more={"about": about, "values": values, "section": "verbs"})
