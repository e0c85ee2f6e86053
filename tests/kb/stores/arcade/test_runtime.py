"""What the server needs of the machine, and its command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.kb.stores.arcade import runtime
from neuronkb.kb.stores.arcade.folder import Folder
from neuronkb.kb.stores.arcade.runtime import UnfitError, check_heap, check_platform


@pytest.mark.parametrize(
    ("system", "libc"), [("Linux", ("glibc", "2.34")), ("Linux", ("glibc", "2.39")), ("Darwin", ("", ""))]
)
def test_fit_platforms(system: str, libc: tuple[str, str]) -> None:
    check_platform(system, libc)


@pytest.mark.parametrize(
    ("system", "libc", "said"),
    [
        ("Linux", ("glibc", "2.31"), "needs glibc 2.34 or newer, this system has 2.31"),
        ("Linux", ("glibc", "2.4"), "this system has 2.4"),
        ("Linux", ("musl", "1.2.4"), "needs glibc, this system has musl"),
        ("Linux", ("", ""), "needs glibc, this system has another C library"),
        ("Windows", ("", ""), "does not run on Windows"),
    ],
)
def test_unfit_platforms_say_to_use_neo4j(system: str, libc: tuple[str, str], said: str) -> None:
    with pytest.raises(UnfitError) as caught:
        check_platform(system, libc)
    assert said in str(caught.value)
    assert "use a Neo4j server instead" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("heap", ["512m", "2g", "4G", "900000k"])
def test_heap_sizes(heap: str) -> None:
    assert check_heap(heap) == heap


@pytest.mark.parametrize("heap", ["", "2", "2gb", "0g", "-1g", "2g -Dx=y", "two"])
def test_other_heap_sizes_are_refused(heap: str) -> None:
    with pytest.raises(UnfitError, match="expected a number and k, m or g"):
        check_heap(heap)


def test_command_binds_loopback_alone_and_holds_no_password() -> None:
    command = runtime.command(Folder(Path("/store")), "abc", "1g", 1234, 5678)
    assert "-Xmx1g" in command
    assert "-Darcadedb.server.httpIncomingHost=127.0.0.1" in command
    assert "-Darcadedb.bolt.host=127.0.0.1" in command
    assert not any("assword" in word for word in command)
    assert Path(command[0]).is_file()


def test_class_path_leaves_out_what_is_not_used() -> None:
    names = [Path(jar).name for jar in runtime.class_path().split(":")]
    assert any(name.startswith("arcadedb-engine-") for name in names)
    assert any(name.startswith("arcadedb-bolt-") for name in names)
    assert not [name for name in names if "mcp" in name or "redis" in name or "postgres" in name or "console" in name]
