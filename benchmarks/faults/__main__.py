"""`make faults`: each command killed, and refused by a full disk, at every system call that writes.

    python -m benchmarks.faults [ingest] [load] [replace] [activations] [--store local|neo4j] [--every 1] [--talks 3]
                                [--faults kill,full,server,disk] [--times 40] [--only REGEX]
                                [--seed 0] [--part 1/1] [--out FILE]

After each fault the same command runs again, undisturbed; then every row of the graph and the bundles must be those of
a run that was never disturbed. `server` kills the local store's server or its keeper at random moments, `disk` fills
the file system that the store is on. --every takes every so many of like calls on one file, --talks of those to
the server; on Neo4j the default is 7. --part I/N runs a share of the points. Prints a table and writes the outcomes to
build/faults.json (`benchmarks.faults.docs` puts them on their page); exits with 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from neuronkb.tests.faults.calls import Call
from neuronkb.tests.faults.commands import COMMANDS, Bench
from neuronkb.tests.faults.mishaps import VICTIMS, filled, killed, small_disk
from neuronkb.tests.faults.places import LocalPlace, Neo4jPlace, Place
from neuronkb.tests.faults.trial import Fault, Outcome, Trials, thinned, wanting_room

from .docs import save
from .table import markdown, unclear, unsound

DISK_BYTES = 1 << 20
"""Room that is left on a full disk, at most: about what a load writes."""


def main() -> int:
    """Run what was asked for; print, write and judge."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *told: sys.exit(143))  # servers and mounts are taken down on the way out
    outcomes: list[Outcome] = []
    start = time.monotonic()
    try:
        for outcome in _outcomes(asked):
            outcomes.append(outcome)
            flag = "" if outcome.sound else f": {'; '.join(outcome.differences)[:200]}"
            print(
                f"{outcome.command} {outcome.fault} {outcome.call}: {outcome.verdict}{' lost' * outcome.lost}{flag}",
                flush=True,
            )
    finally:
        save(asked.out, outcomes)
    lost, said = list(unsound(outcomes)), list(unclear(outcomes))
    print(markdown(outcomes), *lost, *said, sep="\n")
    print(f"{len(outcomes)} points, {len(lost)} not sound, {time.monotonic() - start:.0f} s")
    return 1 if lost else 0


def _outcomes(asked: argparse.Namespace) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(prefix="neuronkb-faults-") as name, ExitStack() as stack:
        folder = Path(name).resolve()
        disk = stack.enter_context(small_disk(folder / "disk")) if "disk" in asked.faults else None
        place = _place(asked.store, folder, disk, stack)
        stack.callback(place.close)
        bench = Bench.open(folder, place)
        stack.callback(bench.close)
        for command in asked.commands:
            trials = Trials(bench, COMMANDS[command])
            if strangers := trials.strangers():
                raise RuntimeError(f"{command}: threads that strace was not told of write: {strangers}")
            yield from _calls(trials, asked)
            if asked.store == "local":
                yield from _mishaps(trials, asked, disk is not None)


def _calls(trials: Trials, asked: argparse.Namespace) -> Iterator[Outcome]:
    chosen = thinned((call for call in trials.whole.calls if asked.only.search(call.where)), asked.every, asked.talks)
    work: list[tuple[Fault, Call]] = []
    if "kill" in asked.faults:
        work += [("kill", call) for call in chosen]
    if "full" in asked.faults:
        work += [("full", call) for call in wanting_room(chosen)]
    part, parts = asked.part
    for fault, call in work[part::parts]:
        yield trials.one(fault, call)


def _mishaps(trials: Trials, asked: argparse.Namespace, disk: bool) -> Iterator[Outcome]:
    draw = random.Random(asked.seed + asked.part[0])
    for number in range(asked.part[0], asked.times, asked.part[1]):
        if "server" in asked.faults:
            moment = draw.uniform(0, trials.whole.seconds)
            yield killed(trials, VICTIMS[number % len(VICTIMS)], number + 1, moment)
        if disk:
            yield filled(trials, number + 1, draw.randrange(DISK_BYTES))


def _place(kind: str, folder: Path, disk: Path | None, stack: ExitStack) -> Place:
    if kind == "local":
        return LocalPlace((disk or folder) / "store")
    from tests.neo4j_server import neo4j_server

    server = stack.enter_context(neo4j_server())
    return Neo4jPlace(folder / "data", server.uri, server.user, server.password)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", default=list(COMMANDS), choices=[*COMMANDS, []])
    parser.add_argument("--store", choices=["local", "neo4j"], default="local")
    parser.add_argument("--faults", type=lambda text: text.split(","), default=["kill", "full", "server", "disk"])
    parser.add_argument("--every", type=int)
    parser.add_argument("--talks", type=int)
    parser.add_argument("--only", type=re.compile, default=re.compile(""), help="calls on files that match this")
    parser.add_argument("--times", type=int, default=40, help="server kills and full disks a command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", type=_share, default=(0, 1))
    parser.add_argument("--out", type=Path, default=Path("build/faults.json"))
    asked = parser.parse_args()
    asked.every = asked.every or (1 if asked.store == "local" else 7)
    asked.talks = asked.talks or (3 if asked.store == "local" else 7)
    return asked


def _share(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    return int(part) - 1, int(parts)


if __name__ == "__main__":
    raise SystemExit(main())
