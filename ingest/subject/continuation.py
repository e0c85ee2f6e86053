"""How a prompt goes on with neurons clamped and without: next-token probabilities, and the text the model writes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from ...schema import ModelError
from ...schema.numbers import check_seed
from ..progress import Progress, silent
from .cache import given_cache, plain_cache
from .clamp import Clamp
from .expert_blocks import ExpertBlock
from .live import LiveModel
from .vocabulary import token_texts

CONTROLS = 20
"""Draws of other neurons that the same clamp is tried on."""
_POSITIONS = 4096
"""Positions in one batch of control draws, all rows together."""


@dataclass(frozen=True)
class NextToken:
    """One candidate for the token after the prompt."""

    token: int
    text: str
    """decoded surface with leading space"""
    before: float
    """probability without the clamps"""
    after: float
    """probability with them"""


@dataclass(frozen=True)
class Own:
    """What a clamped neuron does on the prompt when it is left alone, at the clamp's site."""

    values: tuple[float, ...]
    """one a position"""
    low: float
    """smallest value, control tokens such as BOS left out where there are others"""
    high: float
    low_at: int
    """its position"""
    high_at: int
    routed: int | None = None
    """of an expert's neuron: positions that reach the expert, on which alone it has a value; elsewhere 0 stands"""


@dataclass(frozen=True)
class Watched:
    """Total next-token probability of a set of tokens."""

    before: float
    after: float
    controls: tuple[float, ...]
    """the same with the clamps on other neurons, one a draw"""


@dataclass(frozen=True)
class Continuations:
    """A prompt's continuation before and after clamping."""

    prompt: tuple[str, ...]
    """texts of the tokens that the model read"""
    next: tuple[NextToken, ...]
    """union of the likeliest tokens before and after, largest gain in probability first"""
    kl: float
    """KL(before || after) of the next-token distribution, nats"""
    kl_controls: tuple[float, ...]
    """the same with the clamps on other neurons of their layers, one a draw"""
    written_before: str
    written_after: str
    own: tuple[Own, ...]
    """one a clamp"""
    watched: tuple[Watched, ...]
    """one a set of tokens asked for"""


def continuations(
    live: LiveModel,
    prompt: str,
    clamps: Sequence[Clamp],
    *,
    tokens: int = 30,
    top: int = 10,
    sample: int | None = None,
    chat: bool = False,
    watch: Sequence[Collection[int]] = (),
    progress: Progress = silent,
) -> Continuations:
    """Let a model go on from `prompt` without the clamps and with them.

    It writes up to `tokens` tokens, the likeliest each time, or drawn at temperature 1 with the seed `sample`, the same
    seed before and after. `chat` wraps the prompt as a user's turn in the tokenizer's template. `watch` holds sets of
    token numbers whose total probability is wanted. Controls put the same clamps on random other neurons of the same
    layers, drawn with a fixed seed. Raises ModelError for clamps that do not fit the model, a prompt that is empty or
    too long, a missing chat template, and logits that are no numbers.
    """
    check_seed("sample", sample, ModelError)
    ids = encode(live, prompt, chat)
    _check(live, ids, clamps, tokens)
    before, plain = _write(live, ids, (), tokens, sample, _step(progress, "writing before", tokens))
    after, changed = _write(live, ids, clamps, tokens, sample, _step(progress, "writing after", tokens))
    controls = _controls(live, ids, clamps)
    best = [logs.topk(min(top, len(logs))).indices.tolist() for logs in (before, after)]
    shown = list(dict.fromkeys([*best[0], *best[1]]))
    shown.sort(key=lambda i: (float(before[i].exp() - after[i].exp()), i))
    texts = token_texts(live.tokenizer, shown)
    rows = [NextToken(i, text, _p(before, [i]), _p(after, [i])) for i, text in zip(shown, texts, strict=True)]
    return Continuations(
        prompt=tuple(token_texts(live.tokenizer, ids)),
        next=tuple(rows),
        kl=kl(before, after),
        kl_controls=tuple(kl(before, one) for one in controls),
        written_before=_text(live.tokenizer, ids, plain),
        written_after=_text(live.tokenizer, ids, changed),
        own=_own(live, ids, clamps),
        watched=tuple(Watched(_p(before, s), _p(after, s), tuple(_p(one, s) for one in controls)) for s in watch),
    )


def encode(live: LiveModel, prompt: str, chat: bool = False) -> list[int]:
    """Token numbers of a prompt, with what the tokenizer puts around a text or, for `chat`, its template's turn."""
    if not chat:
        found: list[int] = live.tokenizer(prompt).input_ids
        return found
    if not live.tokenizer.chat_template:
        raise ModelError("the tokenizer has no chat template, as base models have none; leave --chat out")
    turn = [{"role": "user", "content": prompt}]
    text = live.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
    turned: list[int] = live.tokenizer(text, add_special_tokens=False).input_ids
    return turned


def kl(before: torch.Tensor, after: torch.Tensor) -> float:
    """KL(before || after) in nats of two distributions given as log-probabilities `[d_vocab]`."""
    p = before.exp()
    # A token that cannot come contributes nothing, whatever its logarithms are.
    return max(0.0, float(torch.where(p > 0, p * (before - after), torch.zeros_like(p)).sum()))


def _check(live: LiveModel, ids: Sequence[int], clamps: Sequence[Clamp], tokens: int) -> None:
    for clamp in clamps:
        clamp.check(live.mlps)
        for position in clamp.positions or ():
            if not -len(ids) <= position < len(ids) + tokens:
                raise ModelError(
                    f"no position {position}: the prompt has {len(ids)} tokens, {tokens} are written; "
                    f"expected {-len(ids)} to {len(ids) + tokens - 1}"
                )
    if not ids:
        raise ModelError("the prompt has no tokens; give some text")
    if live.context is not None and len(ids) + tokens > live.context:
        raise ModelError(
            f"the prompt's {len(ids)} tokens and {tokens} to write are more than the model's {live.context} positions; "
            "shorten the prompt or write fewer"
        )


def _write(
    live: LiveModel,
    ids: Sequence[int],
    clamps: Sequence[Clamp],
    tokens: int,
    sample: int | None,
    tell: Callable[[int], None],
) -> tuple[torch.Tensor, list[int]]:
    """Log-probabilities of the token after the prompt, float64 `[d_vocab]`, and the tokens written."""
    ends, written, cache = _ends(live), list[int](), None
    # Counted from the prompt's end, which is not the end of a pass that reads what was written too.
    clamps = [replace(clamp, positions=_counted(clamp.positions, len(ids))) for clamp in clamps]
    draw = None if sample is None else torch.Generator().manual_seed(sample)
    with live.clamped(clamps) as model:

        def read(some: Sequence[int]) -> torch.Tensor:
            nonlocal cache
            done = model(input_ids=_row(live, some), use_cache=True, **given_cache(model, cache), **_last_only(model))
            cache = plain_cache(done)
            return _logs(done.logits[0, -1])

        first = found = read(ids)
        while len(written) < tokens:
            token = int(found.argmax()) if draw is None else int(torch.multinomial(found.exp(), 1, generator=draw))
            if token in ends:
                break
            written.append(token)
            tell(len(written))
            if len(written) < tokens:
                found = read([token] if cache is not None else [*ids, *written])
    tell(tokens)
    return first, written


def _counted(positions: tuple[int, ...] | None, length: int) -> tuple[int, ...] | None:
    return None if positions is None else tuple(p if p >= 0 else length + p for p in positions)


def _controls(live: LiveModel, ids: Sequence[int], clamps: Sequence[Clamp]) -> list[torch.Tensor]:
    """Log-probabilities after the prompt with the same clamps on other neurons of the same layers, one a draw."""
    taken: dict[int, set[int]] = {}
    for clamp in clamps:
        taken.setdefault(clamp.layer, set()).add(clamp.neuron)
    if not clamps or any(len(neurons) == live.mlps[layer].d_mlp for layer, neurons in taken.items()):
        return []
    draw = torch.Generator().manual_seed(0)

    def other(clamp: Clamp, row: int) -> Clamp:
        rest = [i for i in range(live.mlps[clamp.layer].d_mlp) if i not in taken[clamp.layer]]
        return replace(clamp, neuron=rest[int(torch.randint(len(rest), (), generator=draw))], row=row)

    found: list[torch.Tensor] = []
    while len(found) < CONTROLS:
        rows = min(CONTROLS - len(found), max(1, _POSITIONS // len(ids)))
        with live.clamped([other(clamp, row) for row in range(rows) for clamp in clamps]) as model:
            logits = model(input_ids=_row(live, ids).repeat(rows, 1), use_cache=False, **_last_only(model)).logits
        found += [_logs(row) for row in logits[:, -1]]
    return found


def _own(live: LiveModel, ids: Sequence[int], clamps: Sequence[Clamp]) -> tuple[Own, ...]:
    special = set(live.tokenizer.all_special_ids)
    counted = [at for at, token in enumerate(ids) if token not in special] or list(range(len(ids)))
    found = []
    for clamp in clamps:
        held = live.capture(_row(live, ids), layers=[clamp.layer], sites=(clamp.site,))[clamp.layer, clamp.site]
        values: list[float] = held[0, :, clamp.neuron].double().nan_to_num(0.0).tolist()
        reached = (~held[0, :, clamp.neuron].isnan()).nonzero()[:, 0].tolist()
        seen = [at for at in counted if at in reached] or counted
        low, high = min(seen, key=values.__getitem__), max(seen, key=values.__getitem__)
        expert = isinstance(live.mlps[clamp.layer], ExpertBlock)
        found.append(Own(tuple(values), values[low], values[high], low, high, len(reached) if expert else None))
    return tuple(found)


def _logs(logits: torch.Tensor) -> torch.Tensor:
    found = torch.log_softmax(logits.double().cpu(), dim=-1)
    if found.isnan().any():
        raise ModelError("the model's logits are no numbers with this clamp; use a smaller value, or float32")
    return found


def _p(logs: torch.Tensor, tokens: Collection[int]) -> float:
    """Total probability of some tokens."""
    return min(1.0, float(logs[list(tokens)].exp().sum()))


def _row(live: LiveModel, ids: Sequence[int]) -> torch.Tensor:
    return torch.tensor([list(ids)], device=live.device)


def _last_only(model: Any) -> dict[str, int]:
    """Logits of the last position only, where the family can: the others are large and not needed."""
    return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}


def _ends(live: LiveModel) -> set[int]:
    """Tokens that end a text."""
    known = getattr(live.model.generation_config, "eos_token_id", None)
    ends = known if isinstance(known, list) else [known]
    return {int(token) for token in [*ends, live.tokenizer.eos_token_id] if token is not None}


def _text(tokenizer: Any, ids: Sequence[int], written: Sequence[int]) -> str:
    """What was written, as it stands after the prompt: decoded alone, its first space would be lost."""

    def decode(tokens: Sequence[int]) -> str:
        text: str = tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    start, whole = decode(ids), decode([*ids, *written])
    return whole.removeprefix(start) if whole.startswith(start) else decode(written)


def _step(progress: Progress, name: str, tokens: int) -> Callable[[int], None]:
    return lambda done: progress(name, done, tokens)
