"""Language models by the names that users give, their answers kept: one of a server, or one on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..ingest.llm.client import Client


def open_client(
    name: str | Path,
    base_url: str | None,
    answers: Path,
    *,
    prices: tuple[float, float] | None = None,
    budget: float | None = None,
) -> tuple[Client, bool]:
    """The model, and whether it answers in turns; a base model only goes on with a text.

    A folder is a model on this machine, and so is a name with a slash where no server is named (a hub id); any other
    is one of the server at `base_url`, OpenAI's unless given. `prices` of a million prompt and completion tokens;
    `answers` is the file that keeps what was answered. Raises ModelError, LanguageModelError.
    """
    from ..ingest.llm.cache import AnswerCache
    from ..ingest.llm.cached import CachedClient, Prices

    chats, client = True, None
    if Path(name).expanduser().is_dir() or (base_url is None and "/" in str(name)):
        client, chats = _local(Path(name).expanduser() if Path(name).expanduser().is_dir() else str(name))
    else:
        from ..ingest.llm.remote import RemoteClient

        client = RemoteClient(str(name), base_url=base_url)
    priced = None if prices is None else Prices(*prices)
    return CachedClient(client, AnswerCache(answers), prices=priced, budget=budget), chats


def _local(name: str | Path) -> tuple[Client, bool]:
    from ..ingest.llm.local import LocalClient
    from ..ingest.subject.source import locate
    from ..ingest.subject.vocabulary import load_tokenizer

    tokenizer = load_tokenizer(locate(name))
    return LocalClient.open(name), bool(getattr(tokenizer, "chat_template", None))
