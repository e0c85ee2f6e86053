"""The official Inspector's command line against the server, as a client that we did not write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from neuronkb.kb.stores.local import LocalStore
from neuronkb.tests import everything
from neuronkb.tests.everything import MONTHS

from tests.conftest import held

pytest.importorskip("mcp", reason="the mcp extra is not installed")
INSPECTOR = "@modelcontextprotocol/inspector@0.15.0"
ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture(scope="module")
def inspector(model_cache: Path) -> Path:
    """The command, installed once beside the other downloads."""
    folder = model_cache / "inspector"
    command = folder / "node_modules/.bin/mcp-inspector"
    model_cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not command.exists():
            folder.mkdir(exist_ok=True)
            install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), INSPECTOR]
            done = subprocess.run(install, capture_output=True, text=True, timeout=500, check=False)
            if done.returncode:
                pytest.skip(f"npm gives no {INSPECTOR}: {done.stderr.strip()[-200:]}")
    return command


@pytest.fixture(scope="module")
def where(local_folder: Path) -> Iterator[str]:
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        yield str(local_folder)


def ask(inspector: Path, where: str, *words: str) -> dict[str, Any]:
    server = [sys.executable, "-m", "neuronkb", "mcp", "--store", where]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "build/names")}
    command = [str(inspector), "--cli", *server, "--method", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_tools_resources_and_prompts(inspector: Path, where: str) -> None:
    tools = {tool["name"]: tool for tool in ask(inspector, where, "tools/list")["tools"]}
    assert {"search", "find", "card", "cypher", "n2g_show"} <= set(tools)
    assert tools["card"]["inputSchema"]["required"] == ["neuron"]
    resources = {one["uri"] for one in ask(inspector, where, "resources/list")["resources"]}
    assert {"neuronkb://schema", "neuronkb://glossary"} <= resources
    glossary = ask(inspector, where, "resources/read", "--uri", "neuronkb://glossary")
    assert "neuron" in json.dumps(glossary)
    assert "look_at_a_neuron" in {one["name"] for one in ask(inspector, where, "prompts/list")["prompts"]}


def test_a_tool_answers(inspector: Path, where: str) -> None:
    words = ("tools/call", "--tool-name", "card", "--tool-arg", f"neuron={MONTHS}")
    (content,) = ask(inspector, where, *words)["content"]
    assert json.loads(content["text"])["neuron"] == MONTHS
