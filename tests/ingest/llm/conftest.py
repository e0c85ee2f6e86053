"""One tiny model for all tests of language models, run in one thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.llm.local import LocalClient
from neuronkb.ingest.llm.remote import RemoteClient

from tests.ingest.llm import proxy, serving, tiny


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def closed_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clients of a test are closed behind it."""
    made: list[RemoteClient] = []
    begin = RemoteClient.__init__

    def noted(self: RemoteClient, *args: Any, **how: Any) -> None:
        begin(self, *args, **how)
        made.append(self)

    monkeypatch.setattr(RemoteClient, "__init__", noted)
    yield
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny") / "bytes")


@pytest.fixture(scope="session")
def local(folder: Path) -> LocalClient:
    return LocalClient.open(folder, device="cpu")


@pytest.fixture(scope="session")
def chatting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with a chat template."""
    return tiny.save(tmp_path_factory.mktemp("chatting") / "tiny", template=tiny.TEMPLATE)


@pytest.fixture(scope="session")
def served(chatting: Path) -> Iterator[proxy.Proxy]:
    """A proxy before `transformers serve` with that model."""
    with serving.transformers_serve(chatting) as url, proxy.running(url) as found:
        yield found


@pytest.fixture
def server(served: proxy.Proxy) -> proxy.Proxy:
    """The proxy, nothing asked of it yet and nothing going wrong."""
    served.reset()
    return served


@pytest.fixture(scope="session")
def probabilities(chatting: Path) -> serving.Probabilities:
    """The same model, its log-probabilities shown."""
    return serving.Probabilities(chatting)


@pytest.fixture(scope="session")
def logs_url(probabilities: serving.Probabilities) -> Iterator[str]:
    with serving.serving(probabilities) as url:
        yield url
