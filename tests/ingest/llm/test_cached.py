from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.llm.cache import AnswerCache, prompt_key
from neuronkb.ingest.llm.cached import CachedClient, Prices
from neuronkb.ingest.llm.client import Completion, Message, Prompt, Scores, Slots
from neuronkb.ingest.llm.local import LocalClient
from neuronkb.ingest.llm.remote import RemoteClient
from neuronkb.schema import BudgetError, LanguageModelError

from tests.ingest.llm.proxy import Proxy

PROMPTS: list[Prompt] = [f"number {i}" for i in range(12)]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    with AnswerCache(tmp_path / "deep" / "answers.db") as found:
        yield found


def asking(server: Proxy, model: Path, cache: AnswerCache, **how: Any) -> CachedClient:
    remote = RemoteClient(
        str(model), base_url=server.url, environ={}, concurrency=how.pop("concurrency", 1), retries=1,
        sleep=lambda seconds: None,
    )  # fmt: skip
    return CachedClient(remote, cache, **how)


def test_no_prompt_is_asked_twice(server: Proxy, chatting: Path, cache: AnswerCache) -> None:
    client = asking(server, chatting, cache)
    first = client.complete([*PROMPTS[:3], PROMPTS[0]], max_tokens=3)
    again = client.complete(PROMPTS[:5], max_tokens=3)
    assert again[:3] == first[:3]
    assert first[3] == first[0]
    assert Counter(server.asked_prompts()) == Counter(map(str, PROMPTS[:5]))
    assert client.usage.cached == 3
    assert client.usage.requests == 5


def test_other_settings_are_other_questions(server: Proxy, chatting: Path, cache: AnswerCache) -> None:
    client = asking(server, chatting, cache)
    others: list[dict[str, Any]] = [{"max_tokens": 4}, {"temperature": 1.0}, {"temperature": 1.0, "seed": 1}]
    for how in ({}, *others, {"stop": ["x"]}):
        client.complete(PROMPTS[:1], **{"max_tokens": 3, **how})
    assert len(server.asked) == 5
    assert len(cache) == 5


def test_failures_that_cost_nothing_are_asked_again(server: Proxy, chatting: Path, cache: AnswerCache) -> None:
    server.script = lambda number, body: "500" if number < 2 else None
    client = asking(server, chatting, cache)
    assert client.complete(PROMPTS[:1], max_tokens=3)[0].failure is not None
    assert client.complete(PROMPTS[:1], max_tokens=3)[0].text is not None
    assert len(cache) == 1


def test_the_budget_ends_it_cleanly_and_a_larger_one_goes_on(server: Proxy, chatting: Path, cache: AnswerCache) -> None:
    prices = Prices(prompt=1.0, completion=100_000.0)
    client = asking(server, chatting, cache, prices=prices, budget=1.0)  # 3 tokens an answer: 0.3 and a little each
    with pytest.raises(BudgetError, match=r"the budget of 1 is spent: 1\.2"):
        client.complete(PROMPTS, max_tokens=3)
    assert len(cache) == len(server.asked) == 4
    assert client.usage.cost == pytest.approx(4 * 0.3, abs=1e-3)
    with pytest.raises(BudgetError):
        client.complete(PROMPTS[5:6], max_tokens=3)
    assert client.complete(PROMPTS[:4], max_tokens=3)  # what is known costs nothing
    asking(server, chatting, cache, prices=prices, budget=9.0).complete(PROMPTS, max_tokens=3)
    assert Counter(server.asked_prompts()) == Counter(map(str, PROMPTS))


def test_the_last_answer_may_pass_the_budget(server: Proxy, chatting: Path, cache: AnswerCache) -> None:
    client = asking(server, chatting, cache, prices=Prices(0, 1e6), budget=0.5)
    assert client.complete(PROMPTS[:1], max_tokens=3)[0].text is not None


def test_a_budget_needs_prices(local: LocalClient, cache: AnswerCache) -> None:
    with pytest.raises(LanguageModelError, match="needs the prices"):
        CachedClient(local, cache, budget=1.0)
    with pytest.raises(LanguageModelError, match="price of prompt tokens is -1, expected a finite number"):
        Prices(-1, 0)


KILLED = """
import sys
from pathlib import Path
from neuronkb.ingest.llm.cache import AnswerCache
from neuronkb.ingest.llm.cached import CachedClient
from neuronkb.ingest.llm.remote import RemoteClient

url, model, path = sys.argv[1:]
remote = RemoteClient(model, base_url=url, environ={}, concurrency=2)
client = CachedClient(remote, AnswerCache(Path(path)))
client.complete([f"number {i}" for i in range(12)], max_tokens=3)
"""


def test_a_killed_client_has_every_answer_that_came(server: Proxy, chatting: Path, tmp_path: Path) -> None:
    server.script = lambda number, body: "hang" if number >= 7 else None
    path = tmp_path / "answers.db"
    command = [sys.executable, "-c", KILLED, server.url, str(chatting), str(path)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as killed:
        assert server.hung.wait(120)
        killed.send_signal(signal.SIGKILL)
    # What was asked before the one that hangs is answered, if to nobody.
    until = time.monotonic() + 60
    while len(server.answered) < 7 and time.monotonic() < until:
        time.sleep(0.05)
    answered = server.answered_prompts()
    with AnswerCache(path) as cache:
        # One answer may have been on its way to the client when it was killed.
        assert len(answered) - 1 <= len(cache) <= len(answered)
        kept = len(cache)
        server.script = lambda number, body: None
        found = asking(server, chatting, cache).complete(PROMPTS, max_tokens=3)
    assert all(answer.text is not None for answer in found)
    twice = [prompt for prompt, n in Counter(server.answered_prompts()).items() if n > 1]
    assert len(twice) == len(answered) - kept
    assert set(server.answered_prompts()) == set(map(str, PROMPTS))


def test_scores_are_kept_to_the_bit(local: LocalClient, cache: AnswerCache) -> None:
    client = CachedClient(local, cache)
    slots = [Slots("a\t?\nb\t?\n", (2, 6))]
    before = local.usage.requests
    first, again = client.slot_logs(slots, ["1", "2"])[0], client.slot_logs(slots, ["1", "2"])[0]
    assert first.logs is not None
    assert again.logs is not None
    assert np.array_equal(first.logs, again.logs)
    one = client.continuation_logs(["a\t"], ["1", "2"])[0]
    assert one.logs is not None
    assert one.logs.shape == (2,)
    assert local.usage.requests == before + 2
    assert client.continuation_logs(["a\t"], ["1", "2", "3"])[0].logs is not None
    assert local.usage.requests == before + 3


def test_minus_infinity_and_paid_failures_are_kept(cache: AnswerCache) -> None:
    cache.put("a", "slots", "m", Scores(np.array([[-np.inf, 0.0]]), None, 5, 1))
    cache.put("b", "completion", "m", Completion(None, "refused", 5, 1))
    cache.put("c", "completion", "m", Completion(None, "no connection"))
    kept = cache.scores("a")
    assert kept is not None
    assert kept.logs is not None
    assert kept.logs.tolist() == [[-np.inf, 0.0]]
    assert cache.completion("b") == Completion(None, "refused", 5, 1)
    assert cache.completion("c") is None


def test_keys_tell_prompts_apart() -> None:
    prompts: Sequence[Any] = [
        "a",
        (Message("user", "a"),),
        (Message("system", "a"),),
        Slots("a", (1,)),
        Slots("a", ()),
        "half a character \ud83d",
    ]
    keys = {prompt_key("completion", "m", prompt) for prompt in prompts}
    keys |= {prompt_key("completion", "other", "a"), prompt_key("completion", "m", "a", seed=1)}
    assert len(keys) == len(prompts) + 2


def test_a_file_that_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("something else altogether, longer than a page header of a database" * 20)
    with pytest.raises(LanguageModelError, match="no cache of answers"):
        AnswerCache(tmp_path / "x.db")
    with sqlite3.connect(tmp_path / "fine.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with AnswerCache(tmp_path / "fine.db") as cache:
        assert len(cache) == 0


def test_names_that_are_no_text_are_damage(tmp_path: Path) -> None:
    """The byte stands in what SQLite quotes of the table's own definition when it cannot be read."""
    path = tmp_path / "a.sqlite"
    with AnswerCache(path) as cache:
        cache._db.execute("PRAGMA journal_mode = DELETE")
    data = path.read_bytes()
    at = data.rindex(b"answers (")
    path.write_bytes(data[:at] + b"\xf3\xed" + data[at + 2 :])
    with pytest.raises(LanguageModelError, match="no cache of answers"):
        AnswerCache(path)
