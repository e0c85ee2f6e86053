"""Training the MLPs of a model's last layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from .chat import Example
from .progress import Progress
from .tail import BATCH, Tail, stack


def train(
    tail: Tail,
    states: Sequence[torch.Tensor],
    examples: Sequence[Example],
    steps: int,
    learning_rate: float,
    seed: int,
    progress: Progress,
) -> None:
    """AdamW without weight decay on the trained weights, its rate falling linearly to 0."""
    optimiser = torch.optim.AdamW(tail.trained.values(), lr=learning_rate, weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    for step, batch in enumerate(batches(len(examples), steps, seed)):
        progress("Fine-tuning", step, steps)
        loss = tail.loss(stack([states[at] for at in batch]), [examples[at] for at in batch])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    progress("Fine-tuning", steps, steps)


def batches(n_examples: int, steps: int, seed: int) -> Iterator[list[int]]:
    """`steps` batches of 16, from one seeded order of the examples after the other."""
    shuffle = torch.Generator().manual_seed(seed)
    stream: list[int] = []
    for _ in range(steps):
        while len(stream) < BATCH:
            stream += torch.randperm(n_examples, generator=shuffle).tolist()
        yield stream[:BATCH]
        stream = stream[BATCH:]
