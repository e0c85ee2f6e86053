"""What a fine-tune did to the neurons of its base: counted once a link and kept, with findings as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...ingest.bundle.writer import now
from ...ingest.findings.carried import Asked, reason
from ...ingest.findings.measure import Measure
from ...ingest.findings.stored import isotropic_cosine, stored_structure
from ...ingest.findings.verdict import verdict
from ...queries import query
from ...queries.answers.findings import Carry, carries, findings
from ...queries.answers.link_layers import Link, newest_link
from ...queries.answers.tuned import TuneReport, Waiting, tune_report
from ...queries.answers.tuned_counts import TuneCounts, count_tuned
from ...schema import NeuronId, digest
from ..load.said import presence
from ..session import Session
from ..stores.base import Store
from .summaries import Content, Shelf

KIND = "tuned"
FORM = 2
"""Raised when the same evidence would be counted otherwise."""
Counted = tuple[str, TuneCounts, float]
"""When it was counted, the counts, and the cosine that the best of a layer's rows reaches by chance."""


def report(session: Session, base: str, tuned: str) -> TuneReport:
    """The work of `kb.links.report`. Raises LinkError when the two are not linked."""
    store = session.store
    link = newest_link(store, base, tuned)
    made, counts, chance = _counted(session, link)
    carried = tuple(one for one in carries(store, base=base, tuned=tuned) if one.superseded_by is None)
    return tune_report(store, link, made, counts, carried, tuple(_waiting(store, link, carried, chance)))


def _counted(session: Session, link: Link) -> Counted:
    """As it is kept where the evidence is what it was, else counted and kept."""
    store = session.store
    shelf = Shelf(session, KIND, f"{link.base} {link.tuned}", _key(store, link))
    if (held := shelf.held(_read)) is not None:
        return held
    session.progress("counting neurons of both models", 0, 1)
    counts, made = count_tuned(store, link), now()
    content = {**counts.as_json(), "chance": _chance(store, link)}
    # What came in meanwhile may be in it or not: such counts are shown, and counted again next time.
    if _key(store, link) == shelf.key:
        shelf.put(made, content)
    session.progress("counting neurons of both models", 1, 1)
    return made, counts, content["chance"]


def _key(store: Store, link: Link) -> str:
    """The hash of what the counts rest on: the link, both decodings, and how far they are in the store."""
    runs = [run for run in (link.run, *link.decodings) if run is not None]
    return digest({"form": FORM, "runs": runs, **presence(store, runs)})


def _read(name: str, made: str, content: Content) -> Counted:
    return made, TuneCounts.read(content), float(content["chance"])


def _chance(store: Store, link: Link) -> float:
    """Cosine that the best of as many random rows reaches; 0 where the sizes are not known."""
    size = next(row for row in query("models").run(store).dicts() if row["model"] == link.tuned)
    return isotropic_cosine(size["d_mlp"], size["d_model"]) if size["d_mlp"] and size["d_model"] else 0.0


def _waiting(store: Store, link: Link, carried: Sequence[Carry], chance: float) -> Iterator[Waiting]:
    """Findings about the base's neurons that were not carried, judged by the link's numbers alone."""
    done = {(one.finding, one.source) for one in carried}
    asked = [
        (note, neuron) for note in findings(store, link.base) for neuron in note.about if (note.id, neuron) not in done
    ]
    neurons = list(dict.fromkeys(neuron for _, neuron in asked))
    rows = query("link_measures").run(store, neurons=neurons, run=link.run).dicts() if neurons else []
    known = {row["base"]: row["measures"] for row in rows}
    for note, neuron in asked:
        place = NeuronId.parse(neuron)
        at = Asked(note.id, place.layer, place.index, neuron in known)
        measures = _measures(known.get(neuron, {}), chance)
        said = verdict(measures, place.index) if at.covered else "untested"
        yield Waiting(note.id, note.text, neuron, said, reason(said, at, measures, None))


def _measures(link: Mapping[str, Any], chance: float) -> tuple[Measure, ...]:
    """What a COUNTERPART says of rows, tokens and activations."""
    structure = stored_structure(link, chance)
    r = link.get("activation_r")
    if r is None:
        return structure
    return (*structure, Measure("activation", "same text", r, null=link.get("null_r") or 0.0))
