"""A tiny model with random weights as the simulating one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from neuronkb.ingest.llm.local import LocalClient

from tests.ingest.llm import tiny


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> LocalClient:
    return LocalClient.open(tiny.save(tmp_path_factory.mktemp("tiny") / "bytes"), device="cpu")
