"""What strace prints is read as what is written, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.tests.faults.calls import SERVER, Call, calls, kind, written

ROOT = Path("/s/store")
TRACE = """\
openat(AT_FDCWD</w>, "/s/store/run.json", O_RDONLY|O_CLOEXEC) = 4</s/store/run.json>
openat(AT_FDCWD</w>, "/s/store/run.json.partial", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 4</s/store/run.json.partial>
write(2</w/said>, ""..., 12) = 12
write(4</s/store/run.json.partial>, ""..., 759) = 759
sendto(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, ""..., 20, 0, NULL, 0) = 20
recvfrom(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, ""..., 20, 0, NULL, NULL) = 20
recvfrom(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, ""..., 20, 0, NULL, NULL) = 20
sendto(6<UNIX-STREAM:[1->2]>, ""..., 20, 0, NULL, 0) = 20
rename("/s/store/run.json.partial", "/s/store/run.json") = 0
unlinkat(7</s/store/L000>, "Neuron.parquet", 0) = 0
--- SIGCHLD {si_signo=SIGCHLD} ---
mkdir("/s/storehouse", 0777) = 0
+++ exited with 0 +++
"""


def test_writes_inside_the_folder_and_to_the_server_are_numbered_as_strace_counts() -> None:
    assert list(calls(3, TRACE.splitlines(), [ROOT])) == [
        Call(3, "openat", 2, "/s/store/run.json.partial"),
        Call(3, "write", 2, "/s/store/run.json.partial"),
        Call(3, "sendto", 1, SERVER),
        Call(3, "recvfrom", 1, SERVER),
        Call(3, "rename", 1, "/s/store/run.json"),
        Call(3, "unlinkat", 1, "/s/store/L000/Neuron.parquet"),
    ]


@pytest.mark.parametrize(
    ("name", "rest", "where"),
    [
        ("openat", 'AT_FDCWD</w>, "there", O_WRONLY|O_CREAT, 0666) = 3</w/there>', "/w/there"),
        ("openat", 'AT_FDCWD</w>, "there", O_RDWR) = 3</w/there>', ""),
        ("write", '1<pipe:[9]>, ""..., 1) = 1', ""),
        ("fsync", "8</s/gone (deleted)>) = 0", "/s/gone"),
        ("renameat2", 'AT_FDCWD</w>, "a", 5</s>, "b", RENAME_NOREPLACE) = 0', "/s/b"),
        ("pwrite64", '9</s/x>, ""..., 4096, 0) = ?', "/s/x"),
    ],
)
def test_what_a_call_writes(name: str, rest: str, where: str) -> None:
    assert written(name, rest) == where


def test_kinds_leave_out_what_varies() -> None:
    assert kind("/s/store/unfinished/1795-15.new", [ROOT]) == "unfinished/#-#.new"
    path = "/s/store/bundles/lm-head-418fa249dd83/L001.partial/Stats.parquet"
    assert kind(path, [ROOT]) == "bundles/lm-head-#/*.partial/*.parquet"
    assert kind(SERVER, [ROOT]) == SERVER
