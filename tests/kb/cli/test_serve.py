"""neuronkb serve, as people start it: a process of its own, asked from outside."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.tests import everything
from neuronkb.tests.everything import MONTHS

pytest.importorskip("uvicorn", reason="the web extra is not installed")
ROOT = Path(__file__).resolve().parents[3]
ELSEWHERE = "127.0.0.2"
"""An address that is not how this machine calls itself."""


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served") / "store"
    with LocalStore.open(folder) as store:
        store.setup()
        everything.load(store)
    yield str(folder)
    stop(folder)


@contextmanager
def served(where: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    """The process, and the address that it printed: host, port and the rest."""
    command = [sys.executable, "-m", "neuronkb", "serve", "--port", "0", "--no-browser", "--store", where, *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "build/names")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stderr is not None
        found = re.search(r"http://(\S+):(\d+)(/\S*)", line := process.stderr.readline())
        try:
            assert found is not None, line
            yield process, found
        finally:
            process.kill()


def status(address: re.Match[str], path: str, **headers: str) -> tuple[int, bytes, str]:
    link = http.client.HTTPConnection(address[1], int(address[2]), timeout=120)
    link.request("GET", path, headers=headers)
    answer = link.getresponse()
    found = answer.status, answer.read(), answer.headers.get("set-cookie", "")
    link.close()
    return found


def test_pages_and_verbs_of_the_store_until_interrupted(where: str) -> None:
    with served(where) as (process, address):
        assert address[1] == "127.0.0.1"
        assert address[3] == "/"
        assert MONTHS.encode() in status(address, f"/neuron/{MONTHS}")[1]
        assert status(address, f"/api/card?neuron={MONTHS}")[0] == 200
        assert status(address, "/", Host="evil.example")[0] == 400
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, 1, -signal.SIGINT)


def test_elsewhere_a_token_is_printed_and_asked_for(where: str) -> None:
    with served(where, "--host", ELSEWHERE) as (_, address):
        assert address[1] == ELSEWHERE
        assert address[3].startswith("/login?token=")
        token = address[3].partition("=")[2]
        assert len(token) >= 32
        assert status(address, "/")[0] == 401
        assert status(address, "/login?token=x")[0] == 401
        code, _, cookie = status(address, address[3])
        assert code == 303
        assert status(address, "/", Cookie=cookie.partition(";")[0])[0] == 200
        assert status(address, "/api/models/list", Authorization=f"Bearer {token}")[0] == 200


def test_a_port_that_is_taken_is_told_in_a_line(where: str) -> None:
    with served(where) as (_, address):
        done = CliRunner().invoke(cli, ["serve", "--port", address[2], "--no-browser", "--store", where])
        assert done.exit_code == 1
        assert f"port {address[2]} of '127.0.0.1'" in done.output
        assert "--port" in done.output
