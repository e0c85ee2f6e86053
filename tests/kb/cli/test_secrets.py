"""The command line tells no key or password, whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import click
import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli

SECRETS = {
    "OPENAI_API_KEY": "open-sesame-and-more",
    "HF_TOKEN": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345",
    "NEURONKB_NEO4J_PASSWORD": "gaudeamus-igitur",
    "NEURONKB_STORE": "bolt://me:vivat-academia@127.0.0.1:1",
}
HIDDEN = (*list(SECRETS.values())[:3], "vivat-academia")


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def names(group: click.Group, *before: str) -> list[list[str]]:
    """The words of every command."""
    found = []
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        found += names(command, *before, word) if isinstance(command, click.Group) else [[*before, word]]
    return found


def test_no_help_tells_what_the_environment_holds() -> None:
    for words in names(cli):
        done = CliRunner().invoke(cli, [*words, "--help"])
        assert done.exit_code == 0
        assert not [secret for secret in HIDDEN if secret in done.output], words


@pytest.mark.parametrize("debug", [[], ["--debug"]])
@pytest.mark.parametrize("error", [RuntimeError, ValueError])
def test_a_librarys_error_is_told_without_it(
    monkeypatch: pytest.MonkeyPatch, debug: list[str], error: type[Exception]
) -> None:
    def broken(*args: Any, **how: Any) -> Any:
        try:
            raise error(f"headers: {SECRETS}")
        except error as cause:
            raise error(f"no way in with {SECRETS['HF_TOKEN']}") from cause

    monkeypatch.setattr("neuronkb.kb.stores.open_store", broken)
    done = CliRunner().invoke(cli, [*debug, "models", "list"])
    assert done.exit_code == 1
    assert "no way in with …" in done.output
    assert ("Traceback" in done.output) == bool(debug)
    assert not [secret for secret in HIDDEN if secret in done.output]


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_a_store_that_cannot_be_reached(debug: list[str]) -> None:
    command = [sys.executable, "-m", "neuronkb", *debug, "models", "list"]
    for where in (SECRETS["NEURONKB_STORE"], "bolt://127.0.0.1:1"):
        done = subprocess.run([*command, "--store", where], capture_output=True, text=True, env=os.environ, check=False)
        assert done.returncode == 1
        assert done.stderr
        assert not [secret for secret in HIDDEN if secret in done.stdout + done.stderr]
