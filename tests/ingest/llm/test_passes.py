from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from neuronkb.ingest.llm.passes import Passes, Run
from neuronkb.ingest.llm.rows import Branch, Row
from neuronkb.schema import ModelError
from transformers import Gemma3TextConfig, MambaConfig, MistralConfig, Qwen2Config

from tests.ingest.subject import families

SHARED = (5, 9, 2, 30, 31, 7)
ROWS = [
    Row((10, 11, 12, 13, 14), (Branch(20, 2), Branch(21, 2, 0), Branch(22, 5)), (0, 4, 5, 6, 7)),
    Row((40, 41), (), (1,)),
    Row((50, 51, 52, 53, 54, 55, 56, 57, 58), (Branch(60, 1),), (8, 9)),
]
LINES: list[list[tuple[int, ...]]] = [
    [(10,), (10, 11, 12, 13, 14), (10, 11, 20), (10, 11, 20, 21), (10, 11, 12, 13, 14, 22)],
    [(40, 41)],
    [(50, 51, 52, 53, 54, 55, 56, 57, 58), (50, 60)],
]
NARROW: dict[str, Any] = {
    "mistral": MistralConfig(**families.GROUPED, sliding_window=4),
    "gemma3": Gemma3TextConfig(
        **families.GROUPED, head_dim=8, sliding_window=4, layer_types=["sliding_attention", "full_attention"]
    ),
    "qwen2": Qwen2Config(**families.GROUPED, use_sliding_window=True, sliding_window=4, max_window_layers=1),
}


def plain(model: Any, tokens: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(torch.tensor([[*SHARED, *tokens]])).logits
    return logits[0, -1].log_softmax(-1)


def check(model: Any) -> None:
    passes = Passes(model)
    assert passes.exact
    seen = set()
    for i, logits in passes.logits(SHARED, ROWS):
        seen.add(i)
        wanted = torch.stack([plain(model, line) for line in LINES[i]])
        torch.testing.assert_close(logits.log_softmax(-1), wanted, atol=1e-4, rtol=0)
    assert seen == {0, 1, 2}


@pytest.mark.parametrize("family", families.CONFIGS)
def test_rows_and_branches_equal_plain_passes_of_every_line(family: str) -> None:
    check(families.build(families.CONFIGS[family]()))


@pytest.mark.parametrize("family", NARROW)
def test_sliding_windows_count_positions_not_columns(family: str) -> None:
    check(families.build(NARROW[family]))


def test_rows_go_on_a_token_at_a_time() -> None:
    model = families.build(NARROW["gemma3"])
    passes = Passes(model)
    rows = [Row((10, 11, 12), (), (2,)), Row((40,), (), (0,))]
    run = Run(passes, SHARED, rows)
    run.begin()
    lines: list[tuple[int, ...]] = [(10, 11, 12), (40,)]
    for step in range(5):
        lines = [(*line, 60 + step + b) for b, line in enumerate(lines)]
        found = run.step(torch.tensor([line[-1] for line in lines])).log_softmax(-1)
        wanted = torch.stack([plain(model, line) for line in lines])
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_what_is_held_of_a_prefix_serves_a_shorter_one() -> None:
    passes = Passes(families.build(families.CONFIGS["llama"]()))
    rows = [(*SHARED, 10, 11), (*SHARED, 10, 12)]
    assert passes.prefix(rows, 7) == 7
    passes.keys_values(rows[0][:7])
    assert passes.prefix([(*SHARED, 20), (*SHARED, 20)], 7) == 6  # of 7 shared tokens 6 are held
    (held, _), *_ = passes.keys_values(SHARED)
    assert held.shape[2] == 6
    assert passes.prefix([(1, 2, 3), (1, 2, 4)], 3) == 2


def test_a_model_without_attention_masks_runs_row_by_row_and_refuses_branches() -> None:
    config = MambaConfig(vocab_size=97, hidden_size=32, num_hidden_layers=2, state_size=4, bos_token_id=0)
    model = families.build(config)
    passes = Passes(model)
    assert not passes.exact
    line = Row((10, 11, 12), (), (2,))
    (found,) = [logits for _, logits in passes.logits(SHARED, [line])]
    torch.testing.assert_close(found[0].log_softmax(-1), plain(model, line.tokens), atol=1e-4, rtol=0)
    with pytest.raises(ModelError, match="one row at a time"):
        Run(passes, SHARED, [ROWS[0]])


def test_layout_of_a_tree() -> None:
    positions, sees = Row((1, 2, 3), (Branch(4, 2), Branch(5, 2, 0))).layout()
    assert positions.tolist() == [0, 1, 2, 2, 3]
    assert sees.astype(int).tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 0, 1, 0],
        [1, 1, 0, 1, 1],
    ]
    assert np.array_equal(Row((), (Branch(4, 0),)).layout()[1], [[True]])
