"""How often a concept is named in sampled answers: the experiment of Davies 2025 (arXiv 2501.02688), with a control."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch

from ...schema import ModelError, fold
from ..subject.cache import cache_in, given_cache
from ..subject.clamp import Clamp
from ..subject.live import LiveModel


@dataclass(frozen=True)
class Named:
    """Of `n` answers each, those in which one of the decoded words stands."""

    n: int
    off: int
    """without a clamp"""
    on: int
    """with it"""
    other: int
    """with the clamp on a matched neuron"""


def sampled(
    live: LiveModel, ids: Sequence[int], clamps: Sequence[Clamp], n: int, tokens: int, seed: int
) -> tuple[str, ...]:
    """Texts of `n` answers to a prompt, drawn at temperature 1 with the clamps at every position.

    The same seed draws the same answers. Raises ModelError when the logits are no numbers.
    """
    draw, ends = torch.Generator().manual_seed(seed), _ends(live)
    rows = torch.empty(n, 0, dtype=torch.int64)
    over = torch.zeros(n, dtype=torch.bool)
    with live.clamped(clamps) as model:
        done = model(input_ids=torch.tensor([list(ids)], device=live.device), use_cache=True)
        cache, logits = cache_in(done), done.logits[:, -1].repeat(n, 1)
        if n > 1:
            cache.batch_repeat_interleave(n)
        while True:
            p = torch.softmax(logits.float().cpu(), dim=-1)
            if p.isnan().any():
                raise ModelError("the model's logits are no numbers with this clamp; use a smaller multiple")
            chosen = torch.multinomial(p, 1, generator=draw)
            over |= torch.isin(chosen[:, 0], ends)
            rows = torch.cat([rows, torch.where(over[:, None], ends[0] if len(ends) else chosen, chosen)], dim=1)
            if rows.shape[1] == tokens or bool(over.all()):
                break
            done = model(input_ids=rows[:, -1:].to(live.device), use_cache=True, **given_cache(model, cache))
            cache, logits = cache_in(done), done.logits[:, -1]
    return tuple(live.tokenizer.batch_decode(rows.tolist(), skip_special_tokens=True))


def named(texts: Collection[str], tokens: Collection[str]) -> int:
    """Texts in which one of the tokens stands as a whole word, in any case. Tokens without a letter do not count."""
    words = sorted({fold(token) for token in tokens} - {""})
    words = [word for word in words if any(map(str.isalpha, word))]
    if not words:
        return 0
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)")
    return sum(bool(pattern.search(text.casefold())) for text in texts)


def _ends(live: LiveModel) -> torch.Tensor:
    """Tokens that end a text."""
    known = getattr(live.model.generation_config, "eos_token_id", None)
    ends = known if isinstance(known, list) else [known]
    return torch.tensor(
        sorted({int(token) for token in [*ends, live.tokenizer.eos_token_id] if token is not None}), dtype=torch.int64
    )
