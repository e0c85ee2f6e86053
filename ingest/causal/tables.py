"""A layer's clamps as evidence tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ...schema import conform, table
from ..lm_head.tables import Tables
from .answers import Named
from .check import Dose
from .end import Case


def layer_tables(
    model: str,
    run: str,
    prompts: str,
    cases: Sequence[Case],
    doses: Sequence[Sequence[Dose]],
    answers: Sequence[Named | None],
) -> Tables:
    """Neuron, Intervention and ON of one layer; `prompts` is the hash of the prompts."""
    rows: list[dict[str, Any]] = []
    ends: list[str] = []
    for case, found, said in zip(cases, doses, answers, strict=True):
        neuron = f"{model}/L{case.side.layer}/N{case.side.neuron}"
        for dose in found:
            ends.append(neuron)
            rows.append(_row(neuron, run, prompts, case, dose, said if dose.neurons is not None else None))
    neurons = {f"{model}/L{case.side.layer}/N{case.side.neuron}": (case.side.layer, case.side.neuron) for case in cases}
    made = {
        "Neuron": pa.table(
            {
                "id": list(neurons),
                "model": [model] * len(neurons),
                "layer": [layer for layer, _ in neurons.values()],
                "index": [index for _, index in neurons.values()],
            }
        ),
        "Neuron.IN_MODEL.Model": pa.table({"start": list(neurons), "end": [model] * len(neurons)}),
        "Intervention": pa.Table.from_pylist(rows),
        "Intervention.ON.Neuron": pa.table(
            {"start": [row["id"] for row in rows], "end": ends, "run": [run] * len(rows)}
        ),
    }
    return {name: conform(table(name), data) for name, data in made.items()}


def _row(neuron: str, run: str, prompts: str, case: Case, dose: Dose, said: Named | None) -> dict[str, Any]:
    side, others = case.side, dose.neurons
    sign = "+" if side.pole > 0 else "-"
    return {
        "id": f"{neuron}/clamp/{case.site}/{side.projection}{sign}/{dose.multiple:g}/{run}",
        "value": dose.value,
        "multiple": dose.multiple,
        "maximum": case.maximum,
        "projection": side.projection,
        "pole": side.pole,
        "site": case.site,
        "prompts": prompts,
        "effect": dose.effect,
        "direct": dose.direct,
        "kl": dose.kl,
        "null_tokens": dose.tokens.mean,
        "null_tokens_5": dose.tokens.low,
        "null_tokens_95": dose.tokens.high,
        "p_tokens": dose.tokens.p,
        "null_neurons": None if others is None else others.mean,
        "null_neurons_95": None if others is None else others.high,
        "p_neurons": None if others is None else others.p,
        "size_ratio": None if others is None else others.ratio,
        "answers": None if said is None else said.n,
        "named_off": None if said is None else said.off,
        "named_on": None if said is None else said.on,
        "named_other": None if said is None else said.other,
        "run": run,
    }
