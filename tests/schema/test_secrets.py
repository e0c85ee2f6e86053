from __future__ import annotations

import pytest
from neuronkb.schema import NeuronKBError, QueryError, secrets
from neuronkb.schema.secrets import bare_url, hidden, reason, remember, without

HEX = "9f86d081884c7d659a2feaa0c55ad015"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that tests before these brought are no matter here."""
    monkeypatch.setattr(secrets, "_known", set())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("key sk-proj-Ab3dEf6hIj9k is wrong", "key … is wrong"),
        ("key sk-proj-********1234 is wrong", "key … is wrong"),
        ("key hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345.", "key …."),
        (f"Authorization: Bearer {HEX}", "Authorization: Bearer …"),
        ("Basic bWU6cGFzc3dvcmQ=, no", "Basic …, no"),
        ("at http://me:pass@host:8/v1", "at http://…@host:8/v1"),
        ("at bolt://me:p@ss@host", "at bolt://…@host"),
        ('SET PASSWORD "hush hush" CHANGE', "SET PASSWORD … CHANGE"),
        ("{'password': 'hush'}", "{'password': …}"),
        ("GET /v1?api_key=open-sesame&n=1", "GET /v1?api_key=…&n=1"),
    ],
)
def test_what_is_a_key_wherever_it_stands(text: str, left: str) -> None:
    assert hidden(text) == left
    assert str(QueryError(text)) == left


@pytest.mark.parametrize(
    "text",
    [
        "hf_transfer and hf_hub_download",
        f"run {HEX} of weights {HEX}{HEX}",
        "no model 'sk/learn' in the store",
        "a max_tokens of 30; token: 'dog'",
        "file:///tmp/x and https://host/docs",
        "basic needs",
    ],
)
def test_our_own_words_stay(text: str) -> None:
    assert hidden(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"unknown key {HEX}", "unknown key …"),
        ("api key provided: geheim99!", "api key provided: …"),
        ("see https://host/a?x=geheim#b now", "see https://host/a?… now"),
        ("opaque aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1d.", "opaque …."),
        ("unexpected token: '<'", "unexpected token: '<'"),
    ],
)
def test_a_strangers_words_are_suspected_of_more(text: str, left: str) -> None:
    assert hidden(text, foreign=True) == left


def test_a_value_is_found_in_every_form() -> None:
    value = 'pa"ss/w+ord é!'
    said = 'pa\\"ss/w+ord \\u00e9! pa%22ss%2Fw%2Bord%20%C3%A9%21 cGEic3MvdytvcmQgw6kh PA&quot;SS/W+ORD é!'
    assert without(said, [value]) == "… … … …"
    assert without("user geheim: not geheimnis", ["geheim"]) == "user …: not geheimnis"
    assert without("it begins 9f86d081884c7d65… or ends ...9a2feaa0c55ad015", [HEX]) == "it begins … or ends …"
    assert without("nothing", []) == "nothing"


def test_secrets_in_use_are_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "vivat-academia")
    remember("gaudeamus-igitur", None, "igitur"[:3])
    assert str(NeuronKBError("vivat-academia, gaudeamus-igitur, igitur")) == "…, …, igitur"


def test_a_reason_is_one_line() -> None:
    assert reason(OSError("401 for https://me:pw@mirror/x?token=abc\nmore")) == "401 for https://…@mirror/x?…"
    assert reason(ValueError()) == "ValueError"


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("http://me:pass@host:8/v1?api_key=1#top", "http://host:8/v1"),
        ("neo4j://host?policy=eu", "neo4j://host"),
        ("me:pass@host", "host"),
        ("http://me:p#ss@host/v1", "http://host/v1"),
        ("localhost:8000", "localhost:8000"),
    ],
)
def test_addresses_as_they_are_shown(url: str, bare: str) -> None:
    assert bare_url(url) == bare


@pytest.mark.parametrize(
    "piece", ["x", "a://", "https://", "password ", "sk-", "bearer ", "a=", "gsk_", "eyJaaaaaaaa."]
)
@pytest.mark.parametrize("foreign", [False, True])
def test_a_long_text_is_read_once(piece: str, foreign: bool) -> None:
    """Read again from each of its characters, it would take hours."""
    long = piece * (300_000 // len(piece))
    assert "letmein" not in hidden(f"{long} password=letmein", foreign=foreign)
