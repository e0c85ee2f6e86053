"""Neurons that a person names: those of the model in hand are found in every form, others are refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from neuronkb.ingest.subject.subject import Subject
from neuronkb.kb.cli.main import cli
from neuronkb.kb.inputs.neurons import own_neurons
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import IdError, ModelError, NeuronKBError, QueryError

FORMS = [
    "L1/N3",
    "base/L1/N3",
    "base/1-mlp/3",
    "base/1/3",
    "1/3",
    "blocks.1.mlp.hook_post/3",
    "1 3",
    "1_3",
    "1, 3",
    " L1/N3 ",
]
OTHERS = [
    ("tuned/L1/N3", IdError, r"of the model 'tuned', not of 'base'"),
    ("gpt2-small/1-mlp/3", IdError, r"of the model 'gpt2-small', not of 'base'"),
    ("other/base/L1/N3", IdError, r"of the model 'other/base', not of 'base'"),
    ("L2/N3", ModelError, r"no neuron 'base/L2/N3': the model has layers 0 to 1 and neurons 0 to 23"),
    ("base/L1/N24", ModelError, r"no neuron 'base/L1/N24'"),
    ("1 24", ModelError, r"no neuron 'base/L1/N24'"),
    ("L1/N" + "9" * 5000, IdError, "is not a neuron id"),
    ("³ 17", IdError, "is not a neuron id"),
    ("L١/N٣", IdError, "is not a neuron id"),
    ("-1 3", IdError, "is not a neuron id"),
    ("months", IdError, "is not a neuron id"),
    ("L1/N3:down", IdError, "is not a neuron id"),
]


@pytest.fixture
def subject(planted_models: tuple[Path, Path]) -> Subject:
    return Subject.open(planted_models[0])


def test_every_form_of_an_id(subject: Subject, tmp_path: Path) -> None:
    assert own_neurons(FORMS, subject, "base") == [(1, 3)] * len(FORMS)
    assert own_neurons([(0, 23), "L1/N0"], subject, "base") == [(0, 23), (1, 0)]
    path = tmp_path / "ids.txt"
    path.write_text("# two\nL1/N3  # months\n\n0 5\n")
    assert own_neurons(path, subject, "base") == [(1, 3), (0, 5)]
    assert own_neurons(["hub/base/L1/N3"], subject, "hub/base") == [(1, 3)]


@pytest.mark.parametrize(("name", "error", "said"), OTHERS)
def test_another_neuron(subject: Subject, tmp_path: Path, name: str, error: type[NeuronKBError], said: str) -> None:
    with pytest.raises(error, match=said):
        own_neurons([name], subject, "base")
    path = tmp_path / "ids.txt"
    path.write_text(f"L0/N0\n{name}\n")
    with pytest.raises(error, match=rf"ids\.txt:2: .*{said}"):
        own_neurons(path, subject, "base")


@pytest.mark.parametrize("pair", [(2, 0), (0, 24), (-1, 0), (0, -1)])
def test_a_pair_that_is_not_there(subject: Subject, pair: tuple[int, int]) -> None:
    with pytest.raises(ModelError, match="no neuron 'base/L"):
        own_neurons([pair], subject, "base")


@pytest.mark.parametrize("data", [b"", b"# nothing\n\n", b"\xff\xfe"])
def test_a_file_without_neurons(subject: Subject, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "ids.txt").write_bytes(data)
    with pytest.raises(ModelError, match=r"ids\.txt: .*give one id a line"):
        own_neurons(tmp_path / "ids.txt", subject, "base")


@pytest.fixture
def kb(local_store: LocalStore, planted_models: tuple[Path, Path], tmp_path: Path) -> KnowledgeBase:
    """The planted base, its first layer decoded."""
    kb = KnowledgeBase(local_store, str(tmp_path / "store"))
    kb.lm_head.ingest(planted_models[0], layers=[0])
    return kb


def test_every_option_that_takes_neurons(kb: KnowledgeBase, planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    """Refused before texts are read and models loaded: neither is there."""
    base = planted_models[0]
    path = tmp_path / "ids.txt"
    calls: dict[str, Any] = {
        "n2g": lambda name: kb.n2g.ingest(base, tmp_path / "no texts", neurons=[name]),
        "explanations": lambda name: kb.explanations.ingest(base, explainer=tmp_path / "no model", neurons=[name]),
        "clamp": lambda name: kb.clamp.run(base, [name], prompt="In", value=1.0),
        "ablate": lambda name: kb.probes.ablate(base, "no feature", neuron=name),
        "check": lambda name: kb.causal.ingest(base, neurons=[name], maxima="prompts"),
    }
    for name, error, said in [OTHERS[i] for i in (0, 3, 6)]:
        for what, call in calls.items():
            with pytest.raises(error, match=said):
                call(name)
            assert what
        path.write_text(name)
        with pytest.raises(error, match=said):
            kb.n2g.ingest(base, tmp_path / "no texts", neurons=path)
    absent: dict[str, Any] = {
        "feeds": kb.feeds.show,
        "graphs": kb.n2g.show,
        "predict": lambda name: kb.n2g.predict(name, "In June"),
        "explanations": kb.explanations.show,
        "similar": kb.similar.show,
        **{
            by: lambda name, by=by: kb.similar.show(name, by=by)
            for by in ("graph", "explanation", "activation", "tokens")
        },
        "finding": lambda name: kb.findings.add("x", about=[name]),
        "around": kb.neurons.around,
        "card": kb.card,
    }
    for name in ("base/L2/N3", "base/L1/N24"):
        for what, call in absent.items():
            with pytest.raises(QueryError, match=rf"no neuron '{name}' in the store"):
                call(name)
            assert what


def test_an_empty_file_is_not_all_neurons(
    local_folder: Path, planted_models: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "ids.txt").write_text("# none\n")
    arguments = ["causal", "ingest", str(planted_models[0]), "--store", str(local_folder)]
    ran = CliRunner().invoke(cli, [*arguments, "--neurons", str(tmp_path / "ids.txt")])
    assert ran.exit_code
    assert "ids.txt: no neuron in it; give one id a line" in ran.output
