"""One tiny model for all tests of language models, run in one thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny") / "bytes")


@pytest.fixture(scope="session")
def local(folder: Path) -> LocalClient:
    return LocalClient.open(folder, device="cpu")
