"""`make faults`: every parser of outside input met with thousands of seeded inputs.

    python -m benchmarks.noise [--count 5000] [--seed 0] [NAME ...]

A line a parser: inputs, answers, refusals, faults, worst seconds and worst memory. Each parser runs in a process of its
own, so that one that crashes or hangs is told and the rest go on. Exit code 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from tests.noise.parser import Met, meet
from tests.noise.table import parsers

HANG = 3600.0
"""Seconds after which a parser hangs."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", metavar="NAME")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work:
        names = [one.name for one in parsers(Path(work))]
    chosen = [name for name in names if not asked.names or any(part in name for part in asked.names)]
    print(f"{'parser':36} {'inputs':>7} {'answers':>8} {'refused':>8} {'faults':>7} {'worst s':>8} {'worst MiB':>10}")
    wrong = 0
    for name in chosen:
        wrong += _show(name, _apart(name, asked.count, asked.seed))
    return int(wrong > 0)


def _apart(name: str, count: int, seed: int) -> Met:
    """Meet one parser in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_meet, args=(name, count, seed, theirs))
    child.start()
    theirs.close()
    try:
        met: Met = ours.recv() if ours.poll(HANG) else Met(name, faults={f"hangs for {HANG:g} s": f"seed {seed}"})
    except EOFError:
        child.join()
        met = Met(name, faults={f"its process ended with {child.exitcode}": f"seed {seed}"})
    if child.is_alive():
        child.terminate()
    child.join()
    return met


def _meet(name: str, count: int, seed: int, answer: multiprocessing.connection.Connection) -> None:
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as work:
        (parser,) = (one for one in parsers(Path(work) / "samples") if one.name == name)
        answer.send(meet(parser, count, seed, Path(work) / "in"))


def _show(name: str, met: Met) -> bool:
    counts = f"{met.inputs:7} {met.answers:8} {met.refused:8} {len(met.faults):7}"
    print(f"{name:36} {counts} {met.worst_seconds:8.2f} {met.worst_bytes / 2**20:10.1f}", flush=True)
    for fault, where in met.faults.items():
        print(f"    {fault} ({where})", flush=True)
    return bool(met.faults)


if __name__ == "__main__":
    raise SystemExit(main())
