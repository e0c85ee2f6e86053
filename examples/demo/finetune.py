"""A fine-tune of the base model: question-answer pairs, the MLPs of the last layers, a few dozen steps."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronkb.schema.errors import ModelError

from . import chat
from .folder import MARKER, build_folder
from .gemma import notice
from .pairs import PAIRS_TSV, Pair, load_pairs, split
from .progress import Progress, silent
from .tensors import WEIGHTS, load_tensors, save_tensors

if TYPE_CHECKING:
    import torch

    from .tail import Tail

NAME = "gemma-3-270m-facts"
REPORT = "finetune.json"
_CHANGED = "Modified: the MLP weights of the last layers were trained on question-answer pairs.\n"


@dataclass(frozen=True)
class Recipe:
    steps: int = 40
    first_layer: int = 14
    """The MLPs of this layer and all above it are trained; everything else stays as it is."""
    learning_rate: float = 1e-4
    seed: int = 0
    version: int = 1
    """Raised when the procedure changes, so that folders of an older one are made anew."""


RECIPE = Recipe()


@dataclass(frozen=True)
class Answer:
    """Greedy answers to a question that was not trained on."""

    question: str
    expected: str
    before: str
    """What the base model says."""
    after: str


@dataclass(frozen=True)
class FineTune:
    folder: Path
    loss_before: float
    """Mean cross-entropy in nats per answer token over the 40 held-out pairs, of the base model."""
    loss_after: float
    """The same of the fine-tune, with its weights rounded to bfloat16 as they are saved."""
    answers: tuple[Answer, ...]
    trained_parameters: int
    seconds: float


def fine_tune(base: Path, out: Path, progress: Progress = silent, recipe: Recipe = RECIPE) -> FineTune:
    """The folder `out`: `base` with some of its MLPs trained, every other tensor bit-identical.

    Reused when it was made by the same recipe from the same pairs and weights.
    Raises ModelError where the disk is full.
    """
    key = {
        "recipe": asdict(recipe),
        "pairs": hashlib.sha256(PAIRS_TSV.read_bytes()).hexdigest(),
        "base": _sha256(base / WEIGHTS),
    }
    build_folder(out, key, lambda part: _make(base, part, recipe, progress), progress)
    return _read_report(out)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"no weights at {str(path)!r}: {error.strerror}") from error


def _read_report(folder: Path) -> FineTune:
    report: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    answers = tuple(Answer(**answer) for answer in report.pop("answers"))
    return FineTune(folder=folder, answers=answers, **report)


def _make(base: Path, part: Path, recipe: Recipe, progress: Progress) -> None:
    from .tail import Tail
    from .training import train

    start = time.monotonic()
    tokenizer, model = _load(base, progress)
    tail = Tail(model, recipe.first_layer)
    learned, held_out = split(load_pairs(), recipe.seed)
    examples = [chat.example(tokenizer, pair.question, pair.answer) for pair in (*learned, *held_out)]
    states = tail.hidden(examples, progress, "Running the frozen layers once")
    n = len(learned)
    exam = _Exam(tail, tokenizer, _of_different_kinds(held_out, 3), states[n:], examples[n:])
    loss_before, before = exam.take("base model", progress)
    train(tail, states[:n], examples[:n], recipe.steps, recipe.learning_rate, recipe.seed, progress)
    trained = tail.round_to_bf16()
    loss_after, after = exam.take("fine-tune", progress)
    _write(base, part, trained, progress)
    _stop_at(tokenizer.convert_tokens_to_ids(chat.END_OF_TURN), part / "generation_config.json")
    report = {
        "loss_before": loss_before,
        "loss_after": loss_after,
        "answers": [
            asdict(Answer(pair.question, pair.answer, was, now))
            for pair, was, now in zip(exam.asked, before, after, strict=True)
        ],
        "trained_parameters": sum(weight.numel() for weight in trained.values()),
        "seconds": round(time.monotonic() - start, 1),
    }
    (part / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _Exam:
    """The held-out pairs, put to the model as it is now."""

    tail: Tail
    tokenizer: Any
    asked: Sequence[Pair]
    states: Sequence[torch.Tensor]
    examples: Sequence[chat.Example]

    def take(self, who: str, progress: Progress) -> tuple[float, list[str]]:
        """The loss over all pairs and the answers to those that are asked."""
        from .tail import greedy

        step, total = f"Questioning the {who}", len(self.asked) + 1
        progress(step, 0, total)
        loss = self.tail.held_out_loss(self.states, self.examples)
        stop = frozenset((self.tokenizer.eos_token_id, self.tokenizer.convert_tokens_to_ids(chat.END_OF_TURN)))
        answers: list[str] = []
        for pair in self.asked:
            progress(step, len(answers) + 1, total)
            said = greedy(self.tail, chat.prompt(self.tokenizer, pair.question), stop)
            answers.append(self.tokenizer.decode(said).strip())
        progress(step, total, total)
        return loss, answers


def _load(base: Path, progress: Progress) -> tuple[Any, Any]:
    """The tokenizer and the model; in float32 where the CPU has no bfloat16 products."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from .tail import has_fast_bf16

    step = "Loading the base model to fine-tune it"
    dtype = torch.bfloat16 if has_fast_bf16() else torch.float32
    try:
        progress(step, 0, 2)
        tokenizer = AutoTokenizer.from_pretrained(base)
        progress(step, 1, 2)
        with _no_bars():
            model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
        progress(step, 2, 2)
    except OSError as error:
        raise ModelError(f"cannot load {str(base)!r}: {error}") from error
    return tokenizer, model


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keeps transformers from drawing its own progress bars between ours."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # its functions carry no types
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _of_different_kinds(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """The first pair of each kind, up to `count`."""
    first: dict[str, Pair] = {}
    for pair in pairs:
        first.setdefault(pair.kind, pair)
    return list(first.values())[:count]


def _write(base: Path, part: Path, trained: dict[str, torch.Tensor], progress: Progress) -> None:
    """The folder of `base` with the `trained` weights in place of its own."""
    step = "Writing the fine-tune"
    progress(step, 0, 1)
    for file in base.iterdir():
        if file.name not in (WEIGHTS, MARKER, "NOTICE"):
            shutil.copyfile(file, part / file.name)
    save_tensors(load_tensors(base / WEIGHTS) | trained, part / WEIGHTS)
    (part / "chat_template.jinja").write_text(chat.TEMPLATE, encoding="utf-8")
    (part / "NOTICE").write_text("\n".join((_CHANGED, *notice())) + "\n", encoding="utf-8")
    progress(step, 1, 1)


def _stop_at(token: int, generation_config: Path) -> None:
    """Lets `generate` end at `token` too."""
    config = json.loads(generation_config.read_text(encoding="utf-8"))
    config["eos_token_id"] = [config["eos_token_id"], token]
    generation_config.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
