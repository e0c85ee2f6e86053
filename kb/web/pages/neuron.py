"""One neuron, everything that is known of it; the same neuron in a base and its fine-tune; one at random."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ....queries import NeuronCard, query
from ....queries.answers.explanations import Explained
from ....schema import IdError, NeuronId
from ..address import ServerAddresses
from ..page import Desk, Moved, Page


def neuron(desk: Desk, given: Mapping[str, str]) -> Page:
    """The card of a neuron, to be read from top to bottom; of an imported latent what was said of it."""
    name = given["neuron"]
    return latent_page(desk, name) or neuron_page(desk, name)


def neuron_page(desk: Desk, name: str) -> Page:
    """The page of a neuron. Raises NotFoundError."""
    at = NeuronId.parse(name)
    block = desk.ask("card", neuron=str(at))
    card = block.record
    assert isinstance(card, NeuronCard)
    others = [(other.relation, other.neuron) for other in card.counterparts]
    more = {"card": card, "around": around(desk, card), "others": others, "section": "search"}
    return Page("neuron", card.neuron, [block], model=card.model, more=more, of_store=True)


def latent_page(desk: Desk, name: str) -> Page | None:
    """The page of an imported latent; None for what is none."""
    with suppress(IdError):
        NeuronId.parse(name)
        return None
    known = query("latent").run(desk.session.store, latent=name).dicts()
    if not known:
        return None
    block = desk.try_("explanations show", name=name)
    sentences = block.record.explanations if isinstance(block.record, Explained) else ()
    says = next((view.text for view in sentences if view.kind == "text"), "")
    model, source = str(known[0]["model"] or ""), str(known[0]["source"])
    more = {"source": source, "says": says or "Nothing is said of this latent yet", "section": "search"}
    return Page("latent", name, [block], model=model, more=more, of_store=True)


def around(desk: Desk, card: NeuronCard) -> dict[str, str | None]:
    """The neurons before and after it in its MLP; None at either end, and where the store has not all of them."""
    at = NeuronId.parse(card.neuron)
    names = {"prev": at.index - 1, "next": at.index + 1}
    ids = {way: str(replace(at, index=index)) for way, index in names.items() if index >= 0}
    held = query("lines").run(desk.session.store, neurons=list(ids.values())).dicts()
    known = {row["neuron"] for row in held}
    return {way: ids[way] if ids.get(way) in known else None for way in names}


def beside(desk: Desk, given: Mapping[str, str]) -> Page:
    """A neuron in both models, section by section."""
    block = desk.ask("neurons beside", neuron=given["neuron"], model=given.get("model") or None)
    model = NeuronId.parse(given["neuron"]).model
    return Page("beside", f"{given['neuron']} in base and fine-tune", [block], model=model, of_store=True)


def random(desk: Desk, given: Mapping[str, str]) -> Moved:
    """A well-explained neuron at random."""
    block = desk.ask("neurons random", model=given.get("model") or None)
    return Moved(ServerAddresses().neuron(str(vars(block.record)["neuron"])))
