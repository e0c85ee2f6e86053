"""Question-answer pairs as token ids, in the chat format of the Gemma models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

END_OF_TURN = "<end_of_turn>"
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}"
    "{{ message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
"""The format as Jinja text, for `tokenizer.apply_chat_template`."""


@dataclass(frozen=True)
class Example:
    ids: tuple[int, ...]
    """The prompt, the answer and the end of turn."""
    answer_at: int
    """Where the answer starts in `ids`."""


def prompt(tokenizer: Any, question: str) -> list[int]:
    """Token ids up to the place where the model is to answer."""
    text = f"<start_of_turn>user\n{question}{END_OF_TURN}\n<start_of_turn>model\n"
    ids: list[int] = tokenizer(text).input_ids
    return ids


def example(tokenizer: Any, question: str, answer: str) -> Example:
    asked = prompt(tokenizer, question)
    answered = tokenizer(answer + END_OF_TURN, add_special_tokens=False).input_ids
    return Example((*asked, *answered), len(asked))


def pad(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Token ids `[n, longest]`, filled up on the right with 0, which no earlier position attends to."""
    import torch

    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])


def answer_positions(examples: Iterable[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`(row, position, token)`, each `[n_answer_tokens]`: `token` is to be predicted at `position` of `row`."""
    import torch

    found = [
        (row, at - 1, one.ids[at]) for row, one in enumerate(examples) for at in range(one.answer_at, len(one.ids))
    ]
    rows, positions, tokens = torch.tensor(found).unbind(1)
    return rows, positions, tokens
