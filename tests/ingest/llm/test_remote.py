from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.explain.simulators.all_at_once import AllAtOnce
from neuronkb.ingest.explain.simulators.one_at_a_time import OneAtATime
from neuronkb.ingest.llm.client import Completion, Message, Prompt, Slots
from neuronkb.ingest.llm.local import LocalClient
from neuronkb.ingest.llm.remote import RemoteClient
from neuronkb.schema import LanguageModelError

from tests.ingest.llm.proxy import Fault, Proxy
from tests.ingest.llm.serving import Probabilities

PROMPTS: list[Prompt] = ["one", "two words", "three words here", "and then a fourth", "5", "six six"]
VALUES = [str(value) for value in range(11)]


def client(server: Proxy, model: Path, **how: Any) -> tuple[RemoteClient, list[float]]:
    """A client that notes how long it would wait."""
    waited: list[float] = []
    settings = {"environ": {"OPENAI_API_KEY": "sk-mine"}, "timeout": 60, "concurrency": 4, **how}
    return RemoteClient(str(model), base_url=server.url, sleep=waited.append, **settings), waited


def texts(answers: list[Completion]) -> list[str | None]:
    return [answer.text for answer in answers]


@pytest.fixture(scope="module")
def wanted(chatting: Path) -> list[str | None]:
    """What the model writes after each prompt."""
    return texts(LocalClient.open(chatting, device="cpu").complete(PROMPTS, max_tokens=5))


def test_texts_and_conversations_as_the_same_model_answers_here(
    server: Proxy, chatting: Path, wanted: list[str | None]
) -> None:
    asking, _ = client(server, chatting)
    turns = (Message("system", "be brief"), Message("user", "hello"))
    assert texts(asking.complete(PROMPTS, max_tokens=5)) == wanted
    here = LocalClient.open(chatting, device="cpu").complete([turns], max_tokens=5)
    assert asking.complete([turns], max_tokens=5) == here
    assert server.keys == {"Bearer sk-mine"}
    assert asking.usage.requests == len(PROMPTS) + 1
    assert asking.usage.completion_tokens == 5 * (len(PROMPTS) + 1)
    assert 1 < server.most_at_once <= 4


def test_what_passes_is_asked_again_and_nothing_else(server: Proxy, chatting: Path, wanted: list[str | None]) -> None:
    faults: list[Fault] = ["429", "500", "drop", "half", "nonsense"]
    server.script = lambda number, body: faults[number] if number < len(faults) else None
    asking, waited = client(server, chatting)
    assert texts(asking.complete(PROMPTS, max_tokens=5)) == wanted
    assert asking.usage.retries == len(waited) == 5
    assert 7.0 in waited  # as the 429 asked for
    assert Counter(server.answered_prompts()) == Counter(map(str, PROMPTS))
    assert asking.usage.failures == 0


def test_waits_grow(server: Proxy, chatting: Path) -> None:
    server.script = lambda number, body: "500"
    asking, waited = client(server, chatting, retries=4)
    (answer,) = asking.complete(["one"])
    assert answer.failure == "the server answers 500: out of memory"
    assert all(0.75 * 0.5 * 2**i <= waited[i] <= 0.5 * 2**i for i in range(4))


def test_a_slow_answer_is_given_up_and_asked_again(server: Proxy, chatting: Path, wanted: list[str | None]) -> None:
    server.script = lambda number, body: "hang" if number == 0 else None
    asking, waited = client(server, chatting, timeout=10, concurrency=1)
    assert texts(asking.complete(PROMPTS[:2], max_tokens=5)) == wanted[:2]
    assert len(waited) == 1


def test_a_refused_key_ends_it_in_one_line_without_the_key(server: Proxy, chatting: Path) -> None:
    server.script = lambda number, body: "401"
    asking, _ = client(server, chatting)
    with pytest.raises(LanguageModelError) as caught:
        asking.complete(PROMPTS)
    said = str(caught.value)
    assert "refuses the key (401)" in said
    assert "check OPENAI_API_KEY" in said
    assert "sk-" not in said
    assert "\n" not in said
    assert len(server.asked) <= 4  # those under way, no more


@pytest.mark.parametrize(("fault", "said"), [("404", "answers 404: no such model"), ("quota", "quota is used up")])
def test_what_cannot_pass_ends_it(server: Proxy, chatting: Path, fault: Fault, said: str) -> None:
    server.script = lambda number, body: fault
    asking, waited = client(server, chatting)
    with pytest.raises(LanguageModelError, match=said):
        asking.complete(PROMPTS)
    assert not waited


def test_a_prompt_the_server_refuses_is_its_own_failure(
    server: Proxy, chatting: Path, wanted: list[str | None]
) -> None:
    server.script = lambda number, body: "filter" if body["prompt"] == "5" else None
    asking, waited = client(server, chatting)
    found = asking.complete(PROMPTS, max_tokens=5)
    assert texts(found) == [text if prompt != "5" else None for text, prompt in zip(wanted, PROMPTS, strict=True)]
    assert found[4].failure == "the server refuses the prompt (400): the prompt is against the rules"
    assert asking.usage.reasons == {found[4].failure: 1}
    assert not waited


def test_a_server_that_dies_is_given_up_and_what_it_answered_is_told(server: Proxy, chatting: Path) -> None:
    server.script = lambda number, body: "drop" if number >= 2 else None
    asking, _ = client(server, chatting, concurrency=1, retries=2)
    told: dict[int, Completion] = {}
    with pytest.raises(LanguageModelError, match="did not answer 3 prompts in a row, each asked 3 times"):
        asking.complete([*PROMPTS, *PROMPTS], max_tokens=5, each=told.__setitem__)
    assert [i for i, answer in told.items() if answer.text is not None] == [0, 1]


def test_nobody_listens(chatting: Path) -> None:
    asking = RemoteClient("x", base_url="http://127.0.0.1:9/v1", environ={}, retries=1, sleep=lambda seconds: None)
    with pytest.raises(LanguageModelError, match=r"127.0.0.1:9 did not answer 3 prompts"):
        asking.complete(PROMPTS)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "OPENAI_API_KEY is not set"),
        ({"base_url": "localhost:8000"}, "base url is 'localhost:8000'"),
        ({"base_url": "http://x/v1", "api": "letters"}, "api is 'letters', expected one of auto, chat"),
    ],
)
def test_settings_that_cannot_work(how: dict[str, Any], said: str) -> None:
    with pytest.raises(LanguageModelError, match=said):
        RemoteClient("m", environ={}, **how)


def test_names(chatting: Path) -> None:
    assert RemoteClient("m", environ={"OPENAI_API_KEY": "k"}).id == "m"
    ours = RemoteClient("m", environ={"OPENAI_BASE_URL": "http://user:pass@host:8/v1"})
    assert ours.id == "m@host:8"


def test_a_server_without_log_probabilities_says_so(server: Proxy, chatting: Path) -> None:
    asking, _ = client(server, chatting, retries=0)
    assert asking.abilities == frozenset()
    with pytest.raises(LanguageModelError, match="gives no log-probabilities"):
        AllAtOnce(asking)


@pytest.fixture
def logs(probabilities: Probabilities, logs_url: str) -> RemoteClient:
    probabilities.echo = probabilities.logs = True
    probabilities.most = 300
    return RemoteClient("tiny", base_url=logs_url, environ={}, concurrency=2)


def test_log_probabilities_as_the_same_model_gives_them_here(logs: RemoteClient, chatting: Path) -> None:
    assert logs.abilities == {"continuations", "slots"}
    here = LocalClient.open(chatting, device="cpu")
    texts = ["a\t?\nb\t?\n", "and\t?\n"]
    slots = [Slots(text, tuple(i for i, c in enumerate(text) if c == "?")) for text in texts]
    for ours, theirs in zip(here.slot_logs(slots, VALUES), logs.slot_logs(slots, VALUES), strict=True):
        assert ours.logs is not None
        assert theirs.logs is not None
        np.testing.assert_allclose(ours.logs, theirs.logs, atol=1e-4)
    prompts: list[Prompt] = ["is\t", "then\t"]
    for ours, theirs in zip(
        here.continuation_logs(prompts, VALUES), logs.continuation_logs(prompts, VALUES), strict=True
    ):
        assert ours.logs is not None
        assert theirs.logs is not None
        np.testing.assert_allclose(ours.logs, theirs.logs, atol=1e-4)


def test_both_remote_simulators_as_the_local_one(logs: RemoteClient, chatting: Path) -> None:
    here = AllAtOnce(LocalClient.open(chatting, device="cpu"))
    windows = [(" a", " b"), (" c",)]
    wanted = here.simulate("letters", windows)
    for simulator in (AllAtOnce(logs), OneAtATime(logs)):
        for ours, theirs in zip(wanted, simulator.simulate("letters", windows), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_a_conversation_is_scored_by_what_the_server_lists(
    logs: RemoteClient, chatting: Path, probabilities: Probabilities
) -> None:
    turns = (Message("user", "how many?"),)
    here = LocalClient.open(chatting, device="cpu").continuation_logs([turns], ["3", "7"])[0].logs
    (there,) = logs.continuation_logs([turns], ["3", "7"])
    assert here is not None
    assert there.logs is not None
    np.testing.assert_allclose(here, there.logs, atol=1e-4)
    probabilities.most = 0
    (none,) = logs.continuation_logs([turns], ["3", "7"])
    assert none.logs is not None
    assert np.isneginf(none.logs).all()


def test_abilities_of_servers_that_can_less(logs_url: str, probabilities: Probabilities) -> None:
    probabilities.logs, probabilities.echo = True, False
    try:
        assert RemoteClient("tiny", base_url=logs_url, environ={}).abilities == {"continuations"}
        probabilities.logs = False
        assert RemoteClient("tiny", base_url=logs_url, environ={}).abilities == frozenset()
    finally:
        probabilities.logs = probabilities.echo = True
