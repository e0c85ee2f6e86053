"""What a clamp takes from a store: which model is meant, which neurons, their decoded tokens and usual values."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from neuronkb.kb.inputs.models import find_subject
from neuronkb.kb.jobs import clamp as clamping
from neuronkb.kb.jobs.clamp import Asked
from neuronkb.kb.jobs.clamp_report import Usual
from neuronkb.kb.kinds import Held
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS, IdError, ModelError, QueryError, WeightsError, conform
from neuronkb.tests import planted

from tests.filled import Filling

Ask = Callable[..., list[Asked]]
MONTHS = "L1/N3"
PROMPT = "filler9 filler12"


@pytest.fixture
def kb(filling: Filling, planted_models: tuple[Path, Path]) -> KnowledgeBase:
    """The planted base, decoded."""

    def decoded(kb: KnowledgeBase) -> None:
        kb.lm_head.ingest(planted_models[0])

    return filling.of(decoded)


@pytest.fixture
def asked(kb: KnowledgeBase, planted_models: tuple[Path, Path]) -> Ask:
    subject = find_subject(kb.db, planted_models[0])

    def ask(*names: str, value: tuple[float, ...] = (), how: Held = "set", site: str = "hidden") -> list[Asked]:
        return clamping.ask(kb.db, names, subject, str(planted_models[0]), value, how, site)

    return ask


def usual(store: Store, run: str, *rows: tuple[int, float, float, float]) -> None:
    """Activation statistics of the months neuron: pole, mean, min, max of pole x value."""
    neuron = f"base/{MONTHS}"
    dicts = [
        {"id": f"{neuron}/activations/{pole}/{run}", "kind": "activations", "pole": pole, "run": run}
        | {"n": 100, "mean": mean, "min": low, "max": high}
        for pole, mean, low, high in rows
    ]
    store.create_nodes(NODES["Stats"], conform(NODES["Stats"], pa.Table.from_pylist(dicts)))
    has = RELATIONSHIPS["Neuron.HAS_STATS.Stats"]
    ends = [{"start": neuron, "end": one["id"], "run": run} for one in dicts]
    store.create_relationships(has, conform(has, pa.Table.from_pylist(ends)))


def test_the_clamp_of_the_planted_neuron(kb: KnowledgeBase) -> None:
    found = kb.clamp.run("base", [MONTHS], prompt=PROMPT, value=8.0, tokens=4, device="cpu")
    (one,) = found.neurons
    assert (found.model, one.neuron, one.how, one.value, one.site) == ("base", "base/L1/N3", "set", 8.0, "hidden")
    assert [(s.projection, s.pole) for s in one.decoded] == [
        (p, pole) for p in ("down", "gate", "up") for pole in (1, -1)
    ]
    down = one.decoded[0]
    assert {text.strip() for text in down.tokens} == set(planted.MONTHS)
    assert [planted.TOKENS[number] for number in down.numbers] == [text.replace(" ", "▁") for text in down.tokens]
    assert down.watched.before < 0.01 < 0.99 < down.watched.after
    assert set(found.result.written_after.split()) <= set(planted.MONTHS)
    assert one.usual is None
    assert one.run == kb.runs.list(job="lm-head").dicts()[0]["run"]


def test_a_model_is_known_by_name_by_folder_and_by_its_weights(
    kb: KnowledgeBase, planted_models: tuple[Path, Path], tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(planted_models[0], tmp_path / "elsewhere"))
    for model in ("base", planted_models[0], str(planted_models[0]), moved):
        assert find_subject(kb.db, model).name == "base"
    assert find_subject(kb.db, planted_models[1]).name == "tuned"
    with pytest.raises(ModelError, match="no folder"):
        find_subject(kb.db, "./nowhere")


def test_other_weights_under_a_known_name_are_refused(
    kb: KnowledgeBase, planted_models: tuple[Path, Path], tmp_path: Path
) -> None:
    impostor = Path(shutil.copytree(planted_models[1], tmp_path / "base"))
    with pytest.raises(WeightsError, match="are not those that the store knows as 'base'"):
        kb.clamp.run(impostor, [MONTHS], prompt=PROMPT, value=8.0)
    kb.lm_head.ingest(planted_models[1])
    with pytest.raises(WeightsError, match="are not those that the store knows as 'base'"):
        find_subject(kb.db, impostor)


def test_ids_in_every_form(asked: Ask) -> None:
    names = (
        "L1/N3",
        "base/L1/N3",
        "1-mlp/3",
        "base/1-mlp/3",
        "blocks.1.mlp.hook_post/3",
        "base/blocks.1.mlp.hook_post/3",
    )
    assert {str(one.neuron) for one in asked(*names, value=(1.0,))} == {"base/L1/N3"}
    with pytest.raises(IdError, match="'tuned/L1/N3' is of the model 'tuned', not of 'base'"):
        asked("tuned/L1/N3", value=(1.0,))
    with pytest.raises(IdError, match="'what' is not a neuron id; expected L3/N17"):
        asked("what", value=(1.0,))
    with pytest.raises(IdError, match="no neuron to clamp"):
        asked(value=(1.0,))


def test_values_for_all_or_one_each(asked: Ask) -> None:
    assert [one.value for one in asked("L1/N3", "L0/N5", value=(4.0,))] == [4.0, 4.0]
    assert [one.value for one in asked("L1/N3", "L0/N5", value=(4.0, -1.0))] == [4.0, -1.0]
    assert [one.clamp("hidden", None).value for one in asked("L1/N3", how="zero")] == [0.0]
    with pytest.raises(ModelError, match="2 values for 3 neurons"):
        asked("L1/N3", "L0/N5", "L0/N6", value=(1.0, 2.0))


def test_the_mean_and_the_range_come_from_the_newest_activations(kb: KnowledgeBase, asked: Ask) -> None:
    with pytest.raises(QueryError, match="no mean activation of 'base/L1/N3'; run neuronkb activations ingest"):
        asked("L1/N3", how="mean")
    usual(kb.db, "activations-1", (1, 0.25, -2.0, 5.0), (-1, -0.25, -5.0, 2.0))
    (one,) = asked("L1/N3", how="mean")
    clamp = one.clamp("hidden", (0,))
    assert (clamp.value, clamp.how, clamp.positions) == (0.25, "set", (0,))
    assert one.usual == Usual("activations-1", 0.25, None, -2.0, 5.0)
    with pytest.raises(ModelError, match="known of the hidden value only"):
        asked("L1/N3", how="mean", site="up")


def test_one_pole_alone_is_turned_round(kb: KnowledgeBase, asked: Ask) -> None:
    usual(kb.db, "activations-2", (-1, 0.5, -1.0, 3.0))
    assert asked("L1/N3", how="mean")[0].usual == Usual("activations-2", -0.5, None, -3.0, 1.0)


def test_a_model_the_store_does_not_know(kb: KnowledgeBase, planted_models: tuple[Path, Path]) -> None:
    found = kb.clamp.run(planted_models[1], [MONTHS, "L0/N5"], prompt=PROMPT, value=(8.0, 1.0), tokens=0, device="cpu")
    assert (found.model, [one.decoded for one in found.neurons], found.result.watched) == ("tuned", [(), ()], ())
    assert [one.run for one in found.neurons] == [None, None]
    with pytest.raises(ModelError, match=r"no neuron .base/L1/N99.: the model has layers 0 to 1"):
        kb.clamp.run(planted_models[0], ["L1/N99"], prompt=PROMPT, value=1.0)
