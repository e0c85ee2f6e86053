from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from neuronkb.examples.demo.finetune import FineTune, Recipe, fine_tune  # noqa: E402
from neuronkb.examples.demo.tensors import WEIGHTS, load_tensors  # noqa: E402
from neuronkb.schema import ModelError  # noqa: E402

RECIPE = Recipe(steps=3, first_layer=4, learning_rate=1e-3)


@pytest.fixture(scope="module")
def steps() -> list[str]:
    return []


@pytest.fixture(scope="module")
def tuned(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> FineTune:
    out = tmp_path_factory.mktemp("tuned") / "tiny-facts"
    return fine_tune(tiny_base, out, lambda description, done, total: steps.append(description), RECIPE)


def test_untrained_tensors_are_bit_identical(tiny_base: Path, tuned: FineTune) -> None:
    before, after = load_tensors(tiny_base / WEIGHTS), load_tensors(tuned.folder / WEIGHTS)
    assert before.keys() == after.keys()
    assert {tensor.dtype for tensor in after.values()} == {torch.bfloat16}
    changed = {
        name for name in before if not torch.equal(before[name].view(torch.int16), after[name].view(torch.int16))
    }
    assert changed == {
        f"model.layers.{layer}.mlp.{part}_proj.weight" for layer in (4, 5) for part in ("gate", "up", "down")
    }
    assert tuned.trained_parameters == sum(before[name].numel() for name in changed)


def test_the_saved_folder_has_the_loss_that_is_reported(tiny_base: Path, tuned: FineTune) -> None:
    """The held-out pairs, put to each folder by transformers alone."""
    from neuronkb.examples.demo.pairs import load_pairs, split
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for folder, reported in ((tiny_base, tuned.loss_before), (tuned.folder, tuned.loss_after)):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        losses: list[float] = []
        for pair in split(load_pairs(), RECIPE.seed)[1]:
            asked = f"<bos><start_of_turn>user\n{pair.question}<end_of_turn>\n<start_of_turn>model\n"
            whole = f"{asked}{pair.answer}<end_of_turn>"
            n = len(tokenizer(asked, add_special_tokens=False).input_ids)
            ids = tokenizer(whole, add_special_tokens=False, return_tensors="pt").input_ids
            log_p = model(ids).logits[0].detach().log_softmax(-1)
            losses += [-float(log_p[at - 1, ids[0, at]]) for at in range(n, ids.shape[1])]
        assert reported == pytest.approx(sum(losses) / len(losses), rel=0.02)
    assert tuned.loss_after < tuned.loss_before


def test_report_is_whole_and_kept_in_the_folder(tuned: FineTune, steps: list[str]) -> None:
    assert len(tuned.answers) == 3
    assert len({answer.question for answer in tuned.answers}) == 3
    report = json.loads((tuned.folder / "finetune.json").read_text())
    assert report["loss_after"] == tuned.loss_after
    assert list(dict.fromkeys(steps)) == [
        "Loading the base model to fine-tune it",
        "Running the frozen layers once",
        "Questioning the base model",
        "Fine-tuning",
        "Questioning the fine-tune",
        "Writing the fine-tune",
    ]


def test_reused_unless_the_recipe_or_the_base_changes(tiny_base: Path, tuned: FineTune, tmp_path: Path) -> None:
    made = (tuned.folder / WEIGHTS).stat().st_mtime_ns
    assert fine_tune(tiny_base, tuned.folder, recipe=RECIPE) == tuned
    assert (tuned.folder / WEIGHTS).stat().st_mtime_ns == made
    copy = tmp_path / "tiny-facts"
    shutil.copytree(tuned.folder, copy)
    other = fine_tune(tiny_base, copy, recipe=Recipe(steps=1, first_layer=4))
    assert other.loss_after != tuned.loss_after


def test_the_same_recipe_gives_the_same_weights(tiny_base: Path, tuned: FineTune, tmp_path: Path) -> None:
    again = fine_tune(tiny_base, tmp_path / "again", recipe=RECIPE)
    assert (again.folder / WEIGHTS).read_bytes() == (tuned.folder / WEIGHTS).read_bytes()
    assert again.answers == tuned.answers


def test_the_fine_tune_carries_the_chat_format_and_the_terms(tuned: FineTune) -> None:
    from neuronkb.examples.demo import chat
    from transformers import AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(tuned.folder)
    end = tokenizer.convert_tokens_to_ids(chat.END_OF_TURN)
    assert GenerationConfig.from_pretrained(tuned.folder).eos_token_id == [tokenizer.eos_token_id, end]
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": "what is the?"}], add_generation_prompt=True, return_dict=False
    )
    assert ids == chat.prompt(tokenizer, "what is the?")
    text = (tuned.folder / "NOTICE").read_text()
    assert "Gemma Terms of Use" in text
    assert text.startswith("Modified:")


def test_a_base_without_weights_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights at"):
        fine_tune(tmp_path, tmp_path / "out")
