"""A reader that is wrong in one part is told which; what was compared is kept, and said on the Model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.lm_head.tables import model_table
from neuronkb.ingest.subject import certificate
from neuronkb.ingest.subject.certificate import certified, certify
from neuronkb.ingest.subject.comparison import Reader
from neuronkb.ingest.subject.experts import MlpParts, read_mlp
from neuronkb.ingest.subject.layer_weights import LayerWeights
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.norm import Norm
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError

from . import families, sweep, tokenizers

Wrong = Callable[[Subject, MlpParts], LayerWeights]


def opened(family: str, folder: Path, **sizes: Any) -> Subject:
    """A tiny model with random weights; `sizes` are other values of its config."""
    config = sweep.config_of(family)
    for name, value in sizes.items():
        setattr(config, name, value)
    families.build(config).save_pretrained(folder)
    return Subject.open(folder, family, experts=True)


def right(subject: Subject, mlp: MlpParts) -> LayerWeights:
    return read_mlp(subject.checkpoint, subject.architecture, mlp)


def exchanged(subject: Subject, mlp: MlpParts) -> LayerWeights:
    """Gate and up rows, the halves of a fused tensor."""
    found = right(subject, mlp)
    return replace(found, rows={**found.rows, "gate": found.rows["up"], "up": found.rows["gate"]})


def transposed(subject: Subject, mlp: MlpParts) -> LayerWeights:
    found = right(subject, mlp)
    return replace(found, rows={**found.rows, "down": found.rows["down"].T})


def one_more(field: Literal["pre_norm", "post_norm", "final_norm"]) -> Wrong:
    """1 more on the gain of a norm."""

    def read(subject: Subject, mlp: MlpParts) -> LayerWeights:
        found = right(subject, mlp)
        norm: Norm = getattr(found, field)
        changed: dict[str, Any] = {field: replace(norm, gain=norm.gain + 1)}
        return replace(found, **changed)

    return read


def permuted(subject: Subject, mlp: MlpParts) -> LayerWeights:
    """The first two layers in each other's place."""
    layer = {0: 1, 1: 0}.get(mlp.at.layer, mlp.at.layer)
    return right(subject, subject.architecture.mlp(layer, mlp.at.expert))


def centred(subject: Subject, mlp: MlpParts) -> LayerWeights:
    """RMSNorm taken for LayerNorm."""
    found = right(subject, mlp)
    assert found.pre_norm is not None
    return replace(found, pre_norm=replace(found.pre_norm, kind="layer"))


def another(subject: Subject, mlp: MlpParts) -> LayerWeights:
    """The next expert of the layer."""
    return right(subject, subject.architecture.mlp(mlp.at.layer, (mlp.at.expert or 0) ^ 1))


WRONG: dict[str, tuple[str, Wrong, str]] = {
    "halves exchanged": ("phi3", exchanged, "layer 0: up rows are off by"),
    "gate and up exchanged": ("llama", exchanged, "layer 0: up rows are off by"),
    "1 more on the norm before": ("llama", one_more("pre_norm"), "layer 0: up rows are off by"),
    "1 more on the norm after": ("gemma2", one_more("post_norm"), "layer 0: norm after the MLP are off by"),
    "1 more on the final norm": ("gemma2", one_more("final_norm"), "behind the last layer: final norm are off by"),
    "down transposed": ("llama", transposed, "layer 0: down columns are read as"),
    "layers permuted": ("gpt2", permuted, "layer 0: up rows are off by"),
    "not centred": ("mistral", centred, "layer 0: up rows are off by"),
}


@pytest.fixture(params=["whole", "parts"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The whole model on a text, or layers of it, as of one that does not fit in memory."""
    if request.param == "parts":
        monkeypatch.setattr(certificate, "fits", lambda checkpoint: False)
    return str(request.param)


def reader(subject: Subject, wrong: Wrong) -> Reader:
    return lambda mlp: wrong(subject, mlp)


@pytest.mark.parametrize("name", WRONG)
def test_the_part_that_is_read_wrong_is_named(name: str, way: str, tmp_path: Path) -> None:
    family, wrong, told = WRONG[name]
    subject = opened(family, tmp_path)
    certify(subject, read=reader(subject, right))
    with pytest.raises(ModelError, match=told):
        certify(subject, read=reader(subject, wrong))


def test_a_square_output_projection_that_is_transposed(way: str, tmp_path: Path) -> None:
    subject = opened("llama", tmp_path, intermediate_size=sweep.WIDTH)
    certify(subject)
    with pytest.raises(ModelError, match="layer 0: down columns are off by"):
        certify(subject, read=reader(subject, transposed))


def test_the_embedding_in_place_of_the_unembedding(way: str, tmp_path: Path) -> None:
    subject = opened("llama", tmp_path, tie_word_embeddings=False)
    wrong = replace(subject.architecture, unembedding="model.embed_tokens.weight")
    with pytest.raises(ModelError, match="unembedding's rows are off by"):
        certify(replace(subject, architecture=wrong))


def test_an_expert_that_is_not_read(tmp_path: Path) -> None:
    subject = opened("mixtral", tmp_path)
    built = subject.architecture
    assert built.mixture is not None
    fewer = replace(built.mixture, mlps=tuple(mlp for mlp in built.mlps if str(mlp.at) != "L1/E2"))
    with pytest.raises(ModelError, match=r"layer 1: experts \[0, 1, 3\] are read, and the running model has 4"):
        certify(replace(subject, architecture=replace(built, mixture=fewer)))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (exchanged, "layer 0, expert 0: gate rows are off by"),
        (one_more("pre_norm"), "layer 0, expert 0: gate rows are off by"),
        (permuted, "layer 0, expert 0: gate rows are off by"),
        (another, "layer 0, expert 0: gate rows are off by"),
    ],
)
def test_an_expert_that_is_read_wrong(wrong: Wrong, told: str, tmp_path: Path) -> None:
    subject = opened("qwen3_moe", tmp_path)
    with pytest.raises(ModelError, match=told):
        certify(subject, read=reader(subject, wrong))


def test_a_router_of_another_layer(tmp_path: Path) -> None:
    subject = opened("mixtral", tmp_path)
    built = subject.architecture
    assert built.mixture is not None
    first, second, *others = built.mixture.routers
    routers = (replace(first, weight=second.weight), second, *others)
    with pytest.raises(ModelError, match=r"layer 0: model\.layers\.1\..* is not its router in the running model"):
        certify(replace(subject, architecture=replace(built, mixture=replace(built.mixture, routers=routers))))


def test_a_family_that_reads_its_up_rows_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its rows are where they are looked for; what they do shows that they are the other ones."""
    from transformers.models.phi3.modeling_phi3 import Phi3MLP

    def forward(self: Any, states: torch.Tensor) -> torch.Tensor:
        up, gate = self.gate_up_proj(states).chunk(2, dim=-1)
        return torch.as_tensor(self.down_proj(up * self.activation_fn(gate)))

    subject = opened("phi3", tmp_path)
    certify(subject)
    monkeypatch.setattr(Phi3MLP, "forward", forward)
    with pytest.raises(ModelError, match="layer 0: gate and up rows are exchanged"):
        certify(subject)


def test_layers_that_run_in_another_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    subject = opened("llama", tmp_path)
    model = LiveModel.load(subject).model
    first, second, third = model.model.layers
    monkeypatch.setattr(model.model, "layers", torch.nn.ModuleList([first, third, second]))
    with pytest.raises(ModelError, match="layer 1: "):
        certify(subject, model)


def test_it_is_kept_by_weights_config_and_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    subject = opened("llama", tmp_path / "model")
    first = certified(subject)
    (kept,) = (tmp_path / "cache").rglob("certificates/*.json")
    with monkeypatch.context() as patched:
        patched.setattr(certificate, "certify", lambda *args: pytest.fail("compared again"))
        assert certified(Subject.open(tmp_path / "model", "again")) == first
    kept.write_text('{"what": "nothing", "largest": -1, "library": ""}')
    assert certified(subject) == first
    monkeypatch.setattr(certificate, "READER", 0)
    certified(subject)
    assert len([*(tmp_path / "cache").rglob("certificates/*.json")]) == 2


def test_a_model_that_is_read_wrong_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    opened("llama", tmp_path / "model")
    wrong = one_more("pre_norm")
    monkeypatch.setattr(certificate, "read_mlp", lambda _, __, mlp: wrong(Subject.open(tmp_path / "model"), mlp))
    for refused in (LmHeadJob.open, LiveModel.open):
        with pytest.raises(ModelError, match="not read as the running model computes"):
            refused(tmp_path / "model")


def test_the_model_says_what_was_compared(tmp_path: Path) -> None:
    subject = opened("llama", tmp_path, vocab_size=340)
    tokenizers.byte_level(tmp_path)
    told = model_table(subject).column("certified")[0].as_py()
    assert re.fullmatch(
        r"all 3 MLPs on a text; within 1e-0\d of the largest value; transformers [\d.]+, reader 1", told
    )


def test_a_model_that_the_library_does_not_know_says_so(tmp_path: Path) -> None:
    subject = opened("llama", tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"model_type": "llama"', '"model_type": "newer"'))
    told = str(Subject.open(tmp_path, "m").certificate)
    assert told == f"not compared: transformers knows no causal language model of {subject.architecture.name}"
