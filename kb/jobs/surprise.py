"""A neuron at random, drawn by the kept counts: no question looks at more than the neurons that it draws."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from ...queries import query
from ...queries.answers.lines import NeuronLine, neuron_line
from ...queries.catalogue.scope import check_models
from ...schema import NeuronId, QueryError
from ..session import Session
from . import summaries
from .overview import coverage

BATCH = 500
"""Neurons in a statement."""
UNSAID = (None, "nothing")
"""Sources of a line that says nothing above chance."""


def surprise(session: Session, model: str | None, explained: bool, draw: random.Random | None = None) -> NeuronLine:
    """The work of `kb.neurons.random`: each neuron that will do is as likely as any other."""
    draw = draw or random.Random()
    present = summaries.state(session.store)
    check_models(session.store, model)
    covered = coverage(session, present, present.keys if model is None else [model])
    places = [
        (name, row.layer, row.lined if explained else row.neurons)
        for name, each in covered.items()
        for row in each.layers
    ]
    if sum(count for *_, count in places):
        ((name, layer, _),) = draw.choices(places, [count for *_, count in places])
        for batch in _shuffled(session, name, layer, draw):
            rows = query("lines").run(session.store, neurons=list(batch)).dicts()
            fit = {row["neuron"] for row in rows if not explained or row["source"] not in UNSAID}
            if (first := next((neuron for neuron in batch if neuron in fit), None)) is not None:
                return neuron_line(session.store, first)
    raise QueryError(_none(model, explained))


def _shuffled(session: Session, model: str, layer: int, draw: random.Random) -> Iterator[Sequence[str]]:
    """The neurons of a layer in a random order, in batches."""
    facts = next(row for row in query("models").run(session.store).dicts() if row["model"] == model)
    if facts["d_mlp"]:
        names = [str(NeuronId(model, layer, index)) for index in range(facts["d_mlp"])]
    else:
        rows = query("neurons_of_layer").run(session.store, model=model, layer=layer, timeout=None).rows
        names = [name for (name,) in rows]
    draw.shuffle(names)
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]


def _none(model: str | None, explained: bool) -> str:
    of = f" of {model}" if model else ""
    if not explained:
        return f"no neuron{of} in the store; neuronkb lm-head ingest MODEL adds some"
    return (
        f"no neuron{of} has a line above chance; neuronkb explanations ingest, n2g ingest and probes ingest make some, "
        "explained=False (--no-explained) takes any neuron"
    )
