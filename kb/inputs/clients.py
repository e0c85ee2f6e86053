"""Language models by the names that users give, their answers kept: one of a server, or one on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...ingest.llm.client import Client


def open_client(
    name: str | Path,
    base_url: str | None,
    answers: Path,
    *,
    prices: tuple[float, float] | None = None,
    budget: float | None = None,
) -> tuple[Client, bool]:
    """The model, for the caller to close, and whether it answers in turns; a base model only goes on with a text.

    A folder is a model on this machine, and so is a name with a slash where no server is named (a hub id); any other
    is one of the server at `base_url`, OpenAI's unless given. `prices` of a million prompt and completion tokens;
    `answers` is the file that keeps what was answered. Raises ModelError, LanguageModelError.
    """
    from ...ingest.llm.cache import AnswerCache
    from ...ingest.llm.cached import CachedClient, Prices

    priced = None if prices is None else Prices(*prices)
    with ExitStack() as stack:  # closes what is open already when the next cannot be opened
        client, chats = _client(name, base_url)
        stack.callback(client.close)
        cache = stack.enter_context(AnswerCache(answers))
        found = CachedClient(client, cache, prices=priced, budget=budget)
        stack.pop_all()
    return found, chats


def _client(name: str | Path, base_url: str | None) -> tuple[Client, bool]:
    folder = Path(name).expanduser()
    if folder.is_dir() or (base_url is None and "/" in str(name)):
        return _local(folder if folder.is_dir() else str(name))
    from ...ingest.llm.remote import RemoteClient

    return RemoteClient(str(name), base_url=base_url), True


def _local(name: str | Path) -> tuple[Client, bool]:
    from ...ingest.llm.local import LocalClient
    from ...ingest.subject.source import locate
    from ...ingest.subject.vocabulary import load_tokenizer

    tokenizer = load_tokenizer(locate(name))
    return LocalClient.open(name), bool(getattr(tokenizer, "chat_template", None))
