"""The last layers of a model, run on hidden states that are computed once.

The layers below are frozen, so what they make of a text never changes: it is computed once for all texts, and
every step runs the last layers alone. The result is the same as that of running the whole model each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from neuronkb.ingest.products import quick_bf16
from torch.nn import functional

from .chat import Example, answer_positions, pad
from .progress import Progress

BATCH = 16
FROZEN_BATCH = 60


def has_fast_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 quicker than float32, as measured once."""
    return quick_bf16(torch.device("cpu"), 640)


@contextmanager
def only_layers(model: Any, start: int, stop: int) -> Iterator[Any]:
    """The inner model with layers `start:stop` alone; the final norm is left out unless `stop` is the last."""
    inner, config = model.model, model.model.config
    kept = inner.layers, inner.norm, config.layer_types, config.num_hidden_layers
    inner.layers, config.layer_types = inner.layers[start:stop], config.layer_types[start:stop]
    config.num_hidden_layers = stop - start
    if stop < kept[3]:
        inner.norm = torch.nn.Identity()
    try:
        yield inner
    finally:
        inner.layers, inner.norm, config.layer_types, config.num_hidden_layers = kept


class Tail:
    """The layers of `model` from `first` on, whose MLPs are trained.

    Products run in bfloat16 under autocast where `model` is bfloat16, else in float32; the residual stream and
    the trained weights are float32 in both.
    """

    def __init__(self, model: Any, first: int) -> None:
        self.model = model
        self.first = first
        self.n_layers = len(model.model.layers)
        self.head = model.lm_head.weight
        model.requires_grad_(False)
        for layer in model.model.layers[first:]:
            layer.mlp.to(torch.float32).requires_grad_(True)

    @property
    def trained(self) -> dict[str, torch.nn.Parameter]:
        """The trained parameters by their names in the model."""
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    @torch.no_grad()
    def round_to_bf16(self) -> dict[str, torch.Tensor]:
        """The trained weights as bfloat16; the model goes on with these."""
        for weight in self.trained.values():
            weight.copy_(weight.bfloat16())
        return {name: weight.detach().bfloat16() for name, weight in self.trained.items()}

    def precision(self) -> AbstractContextManager[Any]:
        bf16 = self.head.dtype == torch.bfloat16
        return torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else nullcontext()

    @torch.no_grad()
    def entering(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """The hidden states that enter layer `first`: float32 `[n, longest, d_model]`."""
        with only_layers(self.model, 0, self.first) as lower, self.precision():
            embedded = lower.embed_tokens(pad(rows)).float()
            hidden: torch.Tensor = lower(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return hidden.float()

    def leaving(self, entering: torch.Tensor) -> torch.Tensor:
        """What the unembedding reads: `[n, longest, d_model]`, from hidden states that enter layer `first`."""
        with only_layers(self.model, self.first, self.n_layers) as upper:
            hidden: torch.Tensor = upper(inputs_embeds=entering, use_cache=False).last_hidden_state
        return hidden

    def loss(self, entering: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        """Mean cross-entropy in nats over the answer tokens; logits are computed at their positions alone."""
        rows, positions, tokens = answer_positions(examples)
        with self.precision():
            logits = functional.linear(self.leaving(entering)[rows, positions], self.head)
        return functional.cross_entropy(logits.float(), tokens)

    @torch.no_grad()
    def held_out_loss(self, entering: Sequence[torch.Tensor], examples: Sequence[Example]) -> float:
        """As `loss` over any number of examples, with float32 logits."""
        head = self.head.float()
        total, count = 0.0, 0
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            rows, positions, tokens = answer_positions(part)
            with self.precision():
                hidden = self.leaving(stack(entering[start : start + BATCH]))
            logits = functional.linear(hidden[rows, positions].float(), head)
            total += float(functional.cross_entropy(logits, tokens, reduction="sum"))
            count += len(tokens)
        return total / count

    def hidden(self, examples: Sequence[Example], progress: Progress, step: str) -> list[torch.Tensor]:
        """`entering` for each example alone, `[length, d_model]`, computed in batches of like lengths."""
        order = sorted(range(len(examples)), key=lambda at: len(examples[at].ids))
        found: dict[int, torch.Tensor] = {}
        for start in range(0, len(order), FROZEN_BATCH):
            batch = order[start : start + FROZEN_BATCH]
            states = self.entering([examples[at].ids for at in batch])
            found |= {at: state[: len(examples[at].ids)] for at, state in zip(batch, states, strict=True)}
            progress(step, len(found), len(order))
        return [found[at] for at in range(len(examples))]


def stack(states: Sequence[torch.Tensor]) -> torch.Tensor:
    """`[n, longest, d_model]`, filled up with zeros on the right."""
    return torch.nn.utils.rnn.pad_sequence(list(states), batch_first=True)


@torch.no_grad()
def greedy(tail: Tail, ids: Sequence[int], stop: frozenset[int], limit: int = 8) -> list[int]:
    """The tokens that the whole model continues `ids` with, the likeliest each time, up to one of `stop`."""
    said: list[int] = []
    while len(said) < limit:
        entering = tail.entering([[*ids, *said]])
        with tail.precision():
            last = tail.leaving(entering)[0, -1]
            token = int(functional.linear(last, tail.head).argmax())
        if token in stop:
            break
        said.append(token)
    return said
