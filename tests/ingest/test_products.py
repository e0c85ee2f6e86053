"""The format with the quickest products is measured once a machine, and only among those that are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from neuronkb.ingest import products
from neuronkb.ingest.products import LEFT, RIGHT, WAYS, Rates, quick_bf16, quickest, rates, whole_product


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_known", {})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The shapes that were measured; what is found is made up."""
    shapes: list[int] = []

    def measure(width: int) -> Rates:
        shapes.append(width)
        return {"fp32": 10.0, "int8": 20.0 + len(shapes), "bf16": 5.0}

    monkeypatch.setattr(products, "measure", measure)
    return shapes


def test_a_shape_is_measured_once_a_machine(tmp_path: Path, measured: list[int]) -> None:
    first = rates(640, tmp_path)
    assert rates(1000, tmp_path) == first  # both count as 1024
    assert measured == [1024]
    rates(64, tmp_path)
    rates(10**5, tmp_path)
    assert measured == [1024, 256, 4096]
    assert len(json.loads((tmp_path / "products.json").read_text())) == 3


@pytest.mark.parametrize("limit", products.LIMITS)
def test_what_limits_the_libraries_is_another_machine(
    tmp_path: Path, measured: list[int], monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    rates(640, tmp_path)
    monkeypatch.setenv(limit, "AVX2")
    rates(640, tmp_path)
    assert len(measured) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\xff", '{"KEY": {}}', '{"KEY": {"fp32": "quick"}}', '{"KEY": 3}'])
def test_a_broken_file_is_measured_anew(tmp_path: Path, measured: list[int], text: str) -> None:
    file = tmp_path / "products.json"
    rates(640, tmp_path)
    key = next(iter(json.loads(file.read_text())))
    file.write_text(text.replace("KEY", key))
    assert rates(640, tmp_path)["int8"] == 22.0
    assert json.loads(file.read_text())[key]["int8"] == 22.0


def test_a_folder_that_cannot_be_written(tmp_path: Path, measured: list[int]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert rates(640, tmp_path / "file")["int8"] == 21.0


def wrong(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> None:
    """As a processor does that adds pairs of products in 16 bits."""
    whole_product(left, right, out)
    out.clamp_(max=32767)


def failing(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> None:
    raise RuntimeError("not for this processor")


@pytest.mark.parametrize("multiply", [wrong, failing])
def test_a_format_that_is_wrong_or_fails_is_not_chosen(monkeypatch: pytest.MonkeyPatch, multiply: object) -> None:
    monkeypatch.setitem(products.WAYS, "int8", (multiply, torch.int8, torch.int32))
    monkeypatch.setattr(products, "SECONDS", 0.001)
    found = products.measure(256)
    assert "int8" not in found
    assert found["fp32"] > 0


def test_whole_products_are_exact_at_both_ends_of_the_range() -> None:
    left = torch.tensor([[LEFT], [-LEFT]], dtype=torch.int8).expand(2, 4096).contiguous()
    right = torch.tensor([[RIGHT], [-RIGHT], [1]], dtype=torch.int8).expand(3, 4096).contiguous()
    out = torch.empty(2, 3, dtype=torch.int32)
    whole_product(left, right, out)
    assert torch.equal(out.long(), left.long() @ right.long().T)


def test_the_quickest_of_those_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(products, "rates", lambda width: {"fp32": 10.0, "int8": 20.0, "bf16": 11.0})
    assert (quickest(640), quickest(640, "fp32", "bf16"), quick_bf16(cpu)) == ("int8", "bf16", True)
    monkeypatch.setattr(products, "rates", lambda width: {"fp32": 10.0, "bf16": 0.5})
    assert (quickest(640), quickest(640, "int8"), quick_bf16(cpu)) == ("fp32", "fp32", False)


def test_every_format_that_is_offered_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "SECONDS", 0.001)
    assert set(products.measure(256)) <= set(WAYS)
