"""`make faults`: every parser of outside input met with thousands of seeded inputs.

    python -m benchmarks.noise [--count 5000] [--seed 0] [NAME ...]

A line a parser: inputs, answers, refusals, faults, worst seconds and worst memory. Each parser runs in a process of its
own, so that one that crashes or hangs is told and the rest go on. Exit code 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import warnings
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.noise.parser import Met, Parser, meet
from tests.noise.table import parsers

HANG = 3600.0
"""Seconds after which a parser hangs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Meet those whose name has one of the words, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", metavar="NAME")
    asked = parser.parse_args(arguments)
    wrong = 0
    with tempfile.TemporaryDirectory() as work:
        print(
            f"{'parser':36} {'inputs':>7} {'answers':>8} {'refused':>8} {'faults':>7} {'worst s':>8} {'worst MiB':>10}"
        )
        for one in parsers(Path(work) / "samples"):
            if not asked.names or any(part in one.name for part in asked.names):
                wrong += _show(one.name, _apart(one, asked.count, asked.seed, Path(work) / "in"))
    return int(wrong > 0)


def _apart(parser: Parser, count: int, seed: int, folder: Path) -> Met:
    """Meet one parser in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_meet, args=(parser, count, seed, folder, theirs))
    child.start()
    theirs.close()
    try:
        met: Met = (
            ours.recv() if ours.poll(HANG) else Met(parser.name, faults={f"hangs for {HANG:g} s": f"seed {seed}"})
        )
    except EOFError:
        child.join()
        met = Met(parser.name, faults={f"its process ended with {child.exitcode}": f"seed {seed}"})
    child.kill()
    child.join()
    return met


def _meet(parser: Parser, count: int, seed: int, folder: Path, answer: Connection) -> None:
    warnings.simplefilter("error")
    answer.send(meet(parser, count, seed, folder))


def _show(name: str, met: Met) -> bool:
    counts = f"{met.inputs:7} {met.answers:8} {met.refused:8} {len(met.faults):7}"
    print(f"{name:36} {counts} {met.worst_seconds:8.2f} {met.worst_bytes / 2**20:10.1f}", flush=True)
    for fault, where in met.faults.items():
        print(f"    {fault} ({where})", flush=True)
    return bool(met.faults)


if __name__ == "__main__":
    raise SystemExit(main())
