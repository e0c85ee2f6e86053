"""Raw lines to a server over real standard input: each request is answered, and serving goes on."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop

pytest.importorskip("mcp", reason="the mcp extra is not installed")
from neuronkb.kb.mcp.lines import MOST, request_id

WAIT = 60.0
PARSE, INVALID, NO_METHOD, NO_PARAMS = -32700, -32600, -32601, -32602


class Talk:
    """A server as a child process, and the lines it answers."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-m", "neuronkb", "mcp", "--store", str(store)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        assert self.ask(call(0, "initialize", params))["result"]["serverInfo"]["name"] == "neuronkb"
        self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    def send(self, line: bytes) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(line + b"\n")
        self.child.stdin.flush()

    def ask(self, line: bytes) -> dict[str, Any]:
        self.send(line)
        return dict(json.loads(self._answers.get(timeout=WAIT)))

    def close(self) -> int:
        assert self.child.stdin is not None
        self.child.stdin.close()
        code = self.child.wait(WAIT)
        self._reader.join(WAIT)
        return code

    def _read(self) -> None:
        assert self.child.stdout is not None
        with self.child.stdout as lines:
            for line in lines:
                self._answers.put(line)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    place = tmp_path_factory.mktemp("lines") / "store"
    with KnowledgeBase.open(place) as kb:
        kb.db.setup()
    talking = Talk(place)
    yield talking
    assert talking.close() == 0
    stop(place)


def call(number: int, method: str, params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


def cypher(number: int, **arguments: object) -> bytes:
    return call(number, "tools/call", {"name": "cypher", "arguments": arguments})


def with_parameter(number: int, value: bytes) -> bytes:
    return cypher(number, text="RETURN $x AS x", params={"x": 0}).replace(b'{"x": 0}', b'{"x": ' + value + b"}")


@pytest.mark.parametrize(
    ("line", "number", "code", "why"),
    [
        (cypher(3, text="RETURN '\ud800'"), 3, PARSE, "half a character"),
        (cypher(4, text="RETURN 1", params={"\udc00": 1}), 4, PARSE, "half a character"),
        (call(5, "\ud83d", {}), 5, PARSE, "half a character"),
        (with_parameter(6, b"[" * 100_000 + b"]" * 100_000), 6, PARSE, "nested deeper than 100"),
        (with_parameter(7, b'{"a":' * 300 + b"1" + b"}" * 300), 7, PARSE, "nested deeper than 100"),
        (with_parameter(8, b"NaN"), 8, PARSE, "NaN or Infinity"),
        (with_parameter(9, b"-1e999"), 9, PARSE, "NaN or Infinity"),
        (with_parameter(10, b"9" * 9000), 10, PARSE, "digits"),
        (with_parameter(11, b'"' + b"x" * (MOST + 1) + b'"'), 11, PARSE, "at most 4 MiB"),
        (b'{"jsonrpc":"2.0","id":"s","method":', "s", PARSE, "cut off"),
        (b'{"jsonrpc":"2.0","id":12,"method":"tools/list"}\0', 12, PARSE, "not JSON"),
        (b"{", None, PARSE, "cut off"),
        (b"\xff\xfe\0", None, PARSE, "not UTF-8"),
        (b"\0" * 100, None, PARSE, "not JSON"),
        (b"[1, 2]", None, INVALID, "an object"),
        (b"null", None, INVALID, "an object"),
        (b'{"jsonrpc":"2.0","id":13,"method":5}', 13, INVALID, "method"),
        (b'{"jsonrpc":"1.0","id":14,"method":"tools/list"}', 14, INVALID, "jsonrpc"),
        (b'{"jsonrpc":"2.0","id":true,"method":"tools/list"}', None, INVALID, "id is True"),
        (b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}', None, INVALID, "id is None"),
        (b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}', None, INVALID, "id is {}"),
        (call(15, "no/such", {}), 15, NO_METHOD, "not found"),
        (call(16, "tools/call", {"name": "cypher", "arguments": []}), 16, NO_PARAMS, "Invalid"),
        (call(17, "tools/call", []), 17, INVALID, "params"),
    ],
)
def test_what_is_no_request_is_answered(talk: Talk, line: bytes, number: object, code: int, why: str) -> None:
    answer = talk.ask(line)
    assert (answer["id"], answer["error"]["code"]) == (number, code)
    assert why in answer["error"]["message"]
    again = talk.ask(cypher(99, text="RETURN 1 AS x"))
    assert (again["id"], again["result"]["structuredContent"]["rows"]) == (99, [{"x": 1}])


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("card", {"neuron": "m/L" + "9" * 5000 + "/N1"}, "is not a neuron id"),
        ("card", {"neuron": "m/L1/N1\0"}, "is not a neuron id"),
        ("card", {"neuron": ["m/L1/N1"]}, "valid string"),
        ("cypher", {"text": {"a": 1}}, "valid string"),
        ("cypher", {"text": "RETURN 1", "limit": "many"}, "valid integer"),
        ("cypher", {"text": "RETURN 1", "timeout": -1}, "expected 0 or more"),
        ("queries_run", {"name": "\0", "params": {"": None}}, "unknown query"),
        ("queries_schema", {"about": "x" * 100_000}, "unknown label"),
        ("cypher", {"text": "RETURN " + "[" * 2000 + "]" * 2000}, "nests more than 100 deep"),
    ],
)
def test_wrong_arguments_are_told_in_a_line(talk: Talk, name: str, arguments: object, said: str) -> None:
    found = talk.ask(call(1, "tools/call", {"name": name, "arguments": arguments}))["result"]
    assert found["isError"]
    (part,) = found["content"]
    assert said in part["text"]
    assert "\n" not in part["text"]
    assert len(part["text"]) <= 2000


def test_whole_characters_pass_in_any_spelling(talk: Talk) -> None:
    for line in (cypher(1, text="RETURN '😀' AS x"), cypher(1, text="RETURN $x AS x", params={"x": "😀"})):
        for spelled in (line, json.dumps(json.loads(line), ensure_ascii=False).encode(), b"\xef\xbb\xbf" + line):
            assert talk.ask(spelled)["result"]["structuredContent"]["rows"] == [{"x": "😀"}]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b'{"params":{"id":4},"id":5}', 5),
        (b'{"a":"id","id":"6","b":7}', "6"),
        (b'{"params":{"id":4', None),
        (b'{"id":1.5}', None),
        (b'{"id":"\\ud800"}', None),
        (b'["id",3]', None),
        (b"", None),
    ],
)
def test_the_id_is_the_requests_own(line: bytes, number: object) -> None:
    assert request_id(line) == number
