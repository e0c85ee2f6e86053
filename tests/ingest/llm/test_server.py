"""Servers that tell keys, send prompts on, drip and never end."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from neuronkb.ingest.llm import deadline
from neuronkb.ingest.llm.remote import RemoteClient
from neuronkb.schema import LanguageModelError

from tests.ingest.llm.hostile import Asked, Hostile, completion, hostile

KEYS = {
    "openai": "sk-proj-Ab3dEf6hIj9kLm2nOp5q",
    "hub": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345",
    "hex": "9f86d081884c7d659a2feaa0c55ad015",
    "plain": "open-sesame/and+more=",
    "short": "geheim",
}


def client(server: Hostile | str, key: str | None = None, **how: Any) -> RemoteClient:
    url = server if isinstance(server, str) else server.url
    environ = {} if key is None else {"OPENAI_API_KEY": key}
    settings = {"retries": 1, "timeout": 20.0, "concurrency": 2, "sleep": lambda seconds: None, **how}
    return RemoteClient("m", base_url=url, environ=environ, **settings)


def forms(key: str) -> list[str]:
    coded = base64.b64encode(key.encode()).decode()
    return [key, quote(key, safe=""), coded, json.dumps(key)[1:-1], repr(key), key.upper(), key.encode().hex()]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_an_error_that_tells_the_key_is_told_without_it(status: int, key: str) -> None:
    said = " and ".join(forms(key))
    with hostile(lambda asked: asked.json(status, {"error": {"message": f"no: {said} ({asked.key})"}})) as server:
        asking = client(server, key)
        try:
            text = str(asking.complete(["hello"])[0].failure)
        except LanguageModelError as error:
            text = str(error)
    assert "no: …" in text
    for form in forms(key):
        assert form.casefold() not in text.casefold()
    assert "\n" not in text


def test_what_looks_like_a_key_is_hidden_whoever_it_is_of() -> None:
    others = [
        KEYS["hub"],
        f"Bearer {KEYS['hex']}",
        f"api_key={KEYS['hex']}",
        "ghp_0123456789abcdefABCDEF0123456789abcd",
    ]
    with hostile(lambda asked: asked.json(400, {"error": {"message": f"known: {', '.join(others)}"}})) as server:
        text = str(client(server, "mine-and-nobodys").complete(["hello"])[0].failure)
    assert not any(one.rpartition("=")[2].rpartition(" ")[2] in text for one in others)


def test_a_long_error_is_cut_behind_the_key_and_not_in_it() -> None:
    key = KEYS["openai"]
    for before in range(150, 205, 3):
        with hostile(lambda asked, n=before: asked.json(400, {"error": {"message": "x" * n + " " + key}})) as server:  # type: ignore[misc]
            text = str(client(server, key).complete(["hello"])[0].failure)
        assert key[:8] not in text


def test_a_key_that_the_answer_tells_is_taken_out_of_it() -> None:
    key = KEYS["plain"]
    with hostile(lambda asked: asked.json(200, completion(f"words {key} more"))) as server:
        assert client(server, key).complete(["hello"])[0].text == "words … more"


def test_no_logger_tells_keys(caplog: pytest.LogCaptureFixture) -> None:
    key = KEYS["hex"]
    caplog.set_level(logging.DEBUG)
    with hostile(lambda asked: asked.head(500, x_key=key, content_length="0")) as server:
        url = server.url.replace("://", "://me:pass-word-1@") + f"?api_key={KEYS['plain']}"
        client(url, key).complete(["hello"])
    assert caplog.records
    for secret in (key, KEYS["plain"], quote(KEYS["plain"], safe=""), "pass-word-1"):
        assert secret not in caplog.text


def test_user_password_and_query_are_used_and_not_told() -> None:
    with hostile(lambda asked: asked.json(400, {"error": {"message": f"{asked.key} {asked.handler.path}"}})) as server:
        url = server.url.replace("://", "://me:p%40ss-word@") + "/?api_key=open-sesame&api-version=2#top"
        asking = client(url, KEYS["hex"])
        failure = str(asking.complete(["hello"])[0].failure)
        ((path, headers, _),) = server.asked
    assert path == "/v1/completions?api_key=open-sesame&api-version=2"
    assert headers["authorization"] == f"Basic {base64.b64encode(b'me:p@ss-word').decode()}"
    told = [failure, asking.id, asking.fingerprint, repr(asking), repr(vars(asking)), str(vars(asking._server))]
    for secret in ("open-sesame", "p@ss-word", "p%40ss-word", base64.b64encode(b"me:p@ss-word").decode()):
        assert not any(secret in text for text in told[:5])
    assert asking.fingerprint == client(server, KEYS["openai"]).fingerprint
    assert asking.id == client(server).id


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("me:pass-word@host:8000/v1", "base url is 'host:8000/v1'"),
        ("http://me:pa#ss-word@host/v1", "'http://host/v1' has an @ behind its host"),
        ("http://me:pa/ss-word@host/v1", "'http://host/v1' has an @ behind its host"),
        ("http://me:pass-word@host:port/v1", "base url is 'http://host:port/v1'"),
        ("http://me:pass-word@[host/v1?api_key=pass-word", r"base url is 'http://\[host/v1'"),
        ("http://host/v1\nx?pass-word", "base url is"),
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(url: str, said: str) -> None:
    with pytest.raises(LanguageModelError, match=said) as caught:
        client(url)
    assert "ss-word" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nend", "schlüssel"])
def test_a_key_that_no_header_takes_is_refused_unseen(key: str) -> None:
    with pytest.raises(LanguageModelError, match="OPENAI_API_KEY holds") as caught:
        client("http://localhost/v1", key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_prompt_is_sent_on_to_nobody(status: int) -> None:
    with hostile(lambda asked: asked.json(200, completion("stolen"))) as thief:
        place = thief.url.replace("://", "://x:y@") + "?key=open-sesame"
        with hostile(lambda asked: asked.head(status, location=place, content_length="0")) as server:
            with pytest.raises(LanguageModelError, match=rf"sends the prompt on to http://127.*\({status}\)") as caught:
                client(server, KEYS["hex"]).complete(["my secret prompt"])
            assert len(server.asked) == 1
        assert thief.asked == []
    assert "open-sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)


def drip_status(asked: Asked) -> None:
    asked.drip(b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 1000)


def drip_plain(asked: Asked) -> None:
    asked.head(content_length="100000")
    asked.drip(b" " * 1000)


def drip_chunks(asked: Asked) -> None:
    asked.head(transfer_encoding="chunked")
    asked.drip(b"1\r\n \r\n" * 300)


def drip_error(asked: Asked) -> None:
    asked.head(500, content_length="100000")
    asked.drip(b" " * 1000)


@pytest.mark.parametrize("answer", [drip_status, drip_plain, drip_chunks, drip_error])
def test_an_answer_that_drips_has_the_same_time_as_any(answer: Callable[[Asked], None]) -> None:
    """Each byte comes well within the timeout; the whole would take fifty seconds a try."""
    with hostile(answer) as server:
        begun = time.monotonic()
        (found,) = client(server, timeout=0.5, retries=2).complete(["hello"])
        took = time.monotonic() - begun
        assert len(server.asked) == 3
    assert found.failure == "no answer within 0.5 s"
    assert took < 25  # three tries; a machine under load is slow, fifty seconds are another kind


def test_a_socket_that_accepts_and_is_silent_has_the_same_time() -> None:
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        (found,) = client(f"http://127.0.0.1:{deaf.getsockname()[1]}/v1", timeout=0.5).complete(["hello"])
    assert found.failure == "no answer within 0.5 s"


def test_an_endless_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "MOST", 2**20)
    sent = [0]

    def endless(asked: Asked) -> None:
        asked.head()
        while True:
            asked.handler.wfile.write(b" " * 2**16)
            sent[0] += 2**16

    with hostile(endless) as server:
        (found,) = client(server).complete(["hello"])
        assert len(server.asked) == 1
    assert found.failure == "the reply is larger than 1 MiB"
    assert sent[0] < 2**26


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(b" " * 2**24)

    def bomb(asked: Asked) -> None:
        asked.head(content_encoding="gzip", content_length=str(len(packed)))
        asked.handler.wfile.write(packed)

    with hostile(bomb) as server:
        (found,) = client(server).complete(["hello"])
        assert server.asked[0][1]["accept-encoding"] == "identity"
    assert "is packed ('gzip')" in str(found.failure)


@pytest.mark.parametrize(
    "reply",
    [
        b"[" * 200_000,
        b'{"choices": 5}',
        b'{"choices": {"a": 1}}',
        b'{"choices": [3]}',
        b"null",
        b"\xff\xfe",
        json.dumps(completion("a", usage={"prompt_tokens": -(10**9), "completion_tokens": 1})).encode(),
        json.dumps(completion("a", usage={"prompt_tokens": "many", "completion_tokens": 1})).encode(),
        json.dumps(completion("a", usage={"prompt_tokens": float("nan"), "completion_tokens": 1})).encode(),
        json.dumps(completion("a", usage={"prompt_tokens": float("inf"), "completion_tokens": 1})).encode(),
    ],
    ids=str,
)
def test_a_reply_that_is_none_is_that_prompts_failure(reply: bytes) -> None:
    def answer(asked: Asked) -> None:
        asked.head(content_length=str(len(reply)))
        asked.handler.wfile.write(reply)

    with hostile(answer) as server:
        (found,) = client(server).complete(["hello"])
    assert found.text is None
    assert found.failure is not None
    assert "\n" not in found.failure


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_timeout_is_a_number_of_seconds(wrong: float) -> None:
    with pytest.raises(LanguageModelError, match=r"timeout is .*, expected a finite number above 0"):
        client("http://localhost/v1", timeout=wrong)


def test_an_interruption_waits_for_no_further_tries() -> None:
    """What is under way is told; nothing that fails is tried again."""
    waited: list[float] = []
    failing = threading.Event()

    def answer(asked: Asked) -> None:
        if "good" in asked.body:
            failing.wait(10)
            asked.json(200, completion("a"))
        else:
            failing.set()
            time.sleep(0.5)
            asked.json(500, {"error": {"message": "busy"}})

    def stop(number: int, found: Any) -> None:
        raise KeyboardInterrupt

    with hostile(answer) as server:
        asking = client(server, retries=5, sleep=waited.append)
        with pytest.raises(KeyboardInterrupt):
            asking.complete(["good", "bad"], each=stop)
        assert len(server.asked) == 2
    assert waited == []


@pytest.mark.parametrize("status", [200, 400, 401])
def test_nothing_stays_open(status: int) -> None:
    process = psutil.Process()
    with hostile(lambda asked: asked.json(status, completion("a"))) as server:
        before = process.num_fds(), threading.active_count()
        for _ in range(3):
            with client(server) as asking:
                try:
                    asking.complete(["hello", "again"])
                except LanguageModelError:
                    assert status == 401
        until = time.monotonic() + 30
        while (process.num_fds(), threading.active_count()) != before and time.monotonic() < until:
            time.sleep(0.05)  # the server's side takes a moment to see that its clients have gone
        assert (process.num_fds(), threading.active_count()) == before
