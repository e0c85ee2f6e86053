"""A prompt whose last token is run many times over, each time with another clamp.

Clamps act at the last position only, so all before it is run once and its keys and values are shared; one clamp then
costs one token. This is exact: the same clamp on the whole prompt gives the same logits. A model whose past cannot be
kept for many rows, as that of state-space and linear-attention layers, reads the whole prompt each time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from ...schema import ModelError
from ..subject.cache import given_cache, plain_cache
from ..subject.clamp import Clamp
from ..subject.live import LiveModel


@dataclass(frozen=True)
class Outcome:
    """What clamps did, one row a clamp; numbers are float64 on the CPU."""

    change: torch.Tensor
    """`[n_clamps, n_tokens]` change in log-probability, nats"""
    kl: torch.Tensor
    """`[n_clamps]` KL(before || after) of the next-token distribution, nats"""
    hidden: torch.Tensor
    """`[n_clamps]` the neuron's hidden value under the clamp"""
    stream: torch.Tensor
    """`[n_clamps, 1, d_model]` what the clamped layer wrote, in the model's dtype and place"""


class LastToken:
    """One prompt on one model."""

    def __init__(self, live: LiveModel, ids: Sequence[int]) -> None:
        if not ids:
            raise ModelError("a prompt has no tokens; give some text")
        self._live, self._layers = live, stream_layers(live)
        whole = torch.tensor([list(ids)], device=live.device)
        with torch.no_grad():
            prefix = whole[:, :-1]
            self._cache = plain_cache(live.body(input_ids=prefix, use_cache=True)) if len(ids) > 1 else None
            self._read = whole if self._cache is None else whole[:, -1:]
            outputs: dict[int, torch.Tensor] = {}
            with _reading(dict(enumerate(self._layers)), outputs):
                logits = self._run(live.model, 1)
        self._streams = outputs
        self.before = torch.log_softmax(logits[0].float(), dim=-1)
        """float32 `[d_vocab]`: log-probabilities without a clamp"""
        if self.before.isnan().any():
            raise ModelError("the model's logits are no numbers without any clamp; use float32")

    def clamped(self, clamps: Sequence[Clamp], tokens: torch.Tensor, batch: int) -> Outcome:
        """Run every clamp, `batch` at a time, and look at `tokens` (int64 `[n_tokens]`).

        All clamps are of one layer; their rows and positions are set here. Raises ModelError for clamps that do not
        fit the model, and for logits that are no numbers.
        """
        parts = [self._part(clamps[i : i + batch], tokens) for i in range(0, len(clamps), batch)]
        return Outcome(
            torch.cat([part.change for part in parts]),
            torch.cat([part.kl for part in parts]),
            torch.cat([part.hidden for part in parts]),
            torch.cat([part.stream for part in parts]),
        )

    def direct(self, layer: int, stream: torch.Tensor, tokens: torch.Tensor, batch: int) -> torch.Tensor:
        """Change in log-probability by the direct path alone, float64 `[n_clamps, n_tokens]`.

        `stream` is an Outcome's: what the layer wrote goes on to the final norm and the unembedding, and each later
        layer adds what it added before the clamp.
        """
        final, found = self._layers[-1], []
        end = self._streams[len(self._layers) - 1]
        added = end - self._streams[layer].to(end.device)
        for part in torch.split(stream, batch):
            with torch.no_grad(), _writing(final, part.to(end.device) + added):
                logits = self._run(self._live.model, len(part))
            found.append(self._compared(logits, tokens, lambda row: "a clamp's direct path")[0])
        return torch.cat(found)

    def _part(self, clamps: Sequence[Clamp], tokens: torch.Tensor) -> Outcome:
        layer, rows = clamps[0].layer, len(clamps)
        assert all(clamp.layer == layer for clamp in clamps)
        outputs: dict[int, torch.Tensor] = {}
        hidden: list[torch.Tensor] = []
        at = None if self._cache is not None else (self._read.shape[1] - 1,)
        mine = [replace(clamp, row=row, positions=at) for row, clamp in enumerate(clamps)]
        with self._live.clamped(mine) as model, _reading({layer: self._layers[layer]}, outputs), ExitStack() as stack:
            # Behind the clamp's own hook: it reads what the clamp left.
            out = self._live.blocks[layer].out
            stack.callback(out.register_forward_pre_hook(lambda module, args: hidden.append(args[0])).remove)
            logits = self._run(model, rows)
        neurons = torch.tensor([clamp.neuron for clamp in clamps], device=hidden[0].device)
        last = hidden[0].reshape(rows, -1, hidden[0].shape[-1])[:, -1]
        values = last.gather(1, neurons[:, None])[:, 0]
        change, kl = self._compared(logits, tokens, lambda row: _named(clamps[row]))
        return Outcome(change, kl, values.double().cpu(), outputs[layer])

    def _run(self, model: Any, rows: int) -> torch.Tensor:
        """Logits `[rows, d_vocab]` of the last token, run in so many rows."""
        again = {"use_cache": False} if self._cache is None else given_cache(model, _repeated(self._cache, rows))
        logits: torch.Tensor = model(input_ids=self._read.repeat(rows, 1), **{"use_cache": True, **again}).logits
        return logits[:, -1]

    def _compared(
        self, logits: torch.Tensor, tokens: torch.Tensor, name: Callable[[int], str]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Change in log-probability of the tokens, and KL(before || after); `name` says what a row was."""
        logits = logits.float()
        total = logits.logsumexp(-1)
        if not total.isfinite().all():
            row = int((~total.isfinite()).nonzero()[0])
            raise ModelError(f"{name(row)}: the logits are no numbers; use a smaller multiple, or float32")
        before, tokens = self.before.to(logits.device), tokens.to(logits.device)
        change = logits[:, tokens].double() - total.double()[:, None] - before[tokens].double()
        p = before.exp()
        # A token that cannot come contributes nothing, whatever its logarithms are.
        entropy = torch.where(p > 0, p * before, torch.zeros_like(p)).double().sum()
        shift = torch.where(p > 0, logits, torch.zeros_like(logits)) @ p
        kl = (entropy - shift.double() + total.double() * p.double().sum()).clamp_min(0.0)
        return change.cpu(), kl.cpu()


def _repeated(cache: Any, rows: int) -> Any:
    """A copy of a cache of one row, in so many rows."""
    copied = copy.deepcopy(cache)
    if rows > 1:
        copied.batch_repeat_interleave(rows)
    return copied


def _named(clamp: Clamp) -> str:
    return f"L{clamp.layer}/N{clamp.neuron} clamped to {clamp.value:g} at {clamp.site}"


def stream_layers(live: LiveModel) -> list[nn.Module]:
    """The modules that read the residual stream and write it again, one a layer. Raises ModelError."""
    for stack in live.model.modules():
        if isinstance(stack, nn.ModuleList) and len(stack) == live.n_layers:
            layers = list(stack)
            if all(
                any(module is block.out for module in layer.modules())
                for layer, block in zip(layers, live.blocks, strict=True)
            ):
                return layers
    raise ModelError(f"{type(live.model).__name__}: the list of its layers was not found")


def _stream(output: Any) -> torch.Tensor:
    """At the last position, `[rows, 1, d_model]`."""
    found: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return found[:, -1:]


@contextmanager
def _reading(layers: dict[int, nn.Module], into: dict[int, torch.Tensor]) -> Iterator[None]:
    """Keep what the layers write to the stream."""

    def reader(number: int) -> Callable[..., None]:
        def read(module: nn.Module, args: Any, output: Any) -> None:
            into[number] = _stream(output).detach()

        return read

    with ExitStack() as stack:
        for number, layer in layers.items():
            stack.callback(layer.register_forward_hook(reader(number)).remove)
        yield


@contextmanager
def _writing(layer: nn.Module, stream: torch.Tensor) -> Iterator[None]:
    """Put a stream in the place of what the layer writes."""

    def write(module: nn.Module, args: Any, output: Any) -> Any:
        return (stream, *output[1:]) if isinstance(output, tuple) else stream

    handle = layer.register_forward_hook(write)
    try:
        yield
    finally:
        handle.remove()
