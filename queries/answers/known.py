"""A neuron that a question names: where it is, or why it is not there."""

from __future__ import annotations

from typing import Any

from ...schema import NeuronId, NotFoundError
from ..catalogue.query import Reader, query
from ..result.near import near


def known_neuron(reader: Reader, neuron: NeuronId) -> dict[str, Any]:
    """Where a neuron is. Raises QueryError when the store does not have it."""
    found = query("neuron").run(reader, neuron=str(neuron)).dicts()
    if not found:
        raise NotFoundError(_absent(reader, neuron))
    return found[0]


def _absent(reader: Reader, neuron: NeuronId) -> str:
    models = {row["model"]: row for row in query("models").run(reader).dicts()}
    if neuron.model not in models:
        return f"no model {neuron.model!r} in the store{near(neuron.model, models)}; neuronkb lm-head ingest adds one"
    model = models[neuron.model]
    if model["experts"] is not None:
        return (
            f"no neuron {str(neuron)!r} in the store; {neuron.model} is a mixture of experts, its neurons are such as "
            "L3/E5/N17; --layers and --experts may have left some out"
        )
    if model["layers"] is None or model["d_mlp"] is None:
        return f"no neuron {str(neuron)!r} in the store, which holds only what was imported of {neuron.model}"
    return (
        f"no neuron {str(neuron)!r} in the store; {neuron.model} has layers 0-{model['layers'] - 1} "
        f"and neurons 0-{model['d_mlp'] - 1}; --layers may have left some out, and an import brings only those it names"
    )
