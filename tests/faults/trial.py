"""One command disturbed at one system call, run again, and compared with an undisturbed run."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .calls import NEEDS_NO_ROOM, SERVER, Call, calls, kind, writers
from .commands import Bench, Command
from .state import State, evidence, state
from .strace import attach, end, killing, refusing

Fault = Literal["kill", "full"]
Verdict = Literal["equal", "differs", "refused", "missed"]
KILLED = -9
_CLEAR = re.compile(r"^(?!.*(server is gone|defect|Traceback)).*([Nn]o space left|disk is full)")


@dataclass(frozen=True)
class Outcome:
    """What became of one disturbed run."""

    command: str
    place: str
    fault: Fault
    call: Call
    hit: str
    """The line of the call that was disturbed."""
    verdict: Verdict
    said: str
    """The last line of the disturbed run, where it failed."""
    differences: tuple[str, ...]
    """of an undisturbed run; or what the second run was refused with"""
    lost: bool
    """Whether neither all of the older evidence nor all of the new was there between the two runs."""
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing was lost."""
        return self.verdict in ("equal", "missed") and not self.lost

    @property
    def unclear(self) -> bool:
        """Whether a full disk was called by another name."""
        return self.fault == "full" and bool(self.said) and not _CLEAR.search(self.said)


@dataclass(frozen=True)
class Whole:
    """An undisturbed run: what it leaves, and which calls it makes."""

    state: State
    before: frozenset[str]
    """evidence that was there at its start"""
    after: frozenset[str]
    calls: tuple[Call, ...]
    seconds: float
    """of the run, untraced"""


class Trials:
    """Disturbs one command."""

    def __init__(self, bench: Bench, command: Command) -> None:
        self.bench = bench
        self.command = command
        self.line = bench.line(command)
        self._roots = (bench.place.root, bench.folder / "newer")
        self.whole = self._undisturbed()

    def kind(self, call: Call) -> tuple[str, str]:
        """The call's name and what it writes, without what varies."""
        return call.name, kind(call.where, self._roots)

    def one(self, fault: Fault, call: Call) -> Outcome:
        """Disturb one call, run again, compare."""
        return self.judge(fault, call, lambda: self._disturbed(fault, call))

    def judge(self, fault: Fault, call: Call, disturb: Callable[[], tuple[int, str]]) -> Outcome:
        """Run disturbed, run again, compare. `disturb` gives the exit status, and what was hit, if anything was."""
        start = time.monotonic()
        self.bench.prepare(self.command)
        status, hit = disturb()
        said = "" if status in (0, KILLED) else self._said()
        verdict: Verdict = "missed"
        differences: tuple[str, ...] = ()
        lost = False
        if hit:
            lost = self.command.older and not self._holds_either()
            verdict, differences = self._again()
        seconds = time.monotonic() - start
        place = self.bench.place.name
        return Outcome(self.command.name, place, fault, call, hit, verdict, said, differences, lost, seconds)

    def _again(self) -> tuple[Verdict, tuple[str, ...]]:
        if self.bench.forks.run(*self.line):
            return "refused", (self._said(),)
        found = state(self.bench.place).against(self.whole.state)
        return ("differs" if found else "equal"), tuple(found)

    def _disturbed(self, fault: Fault, call: Call) -> tuple[int, str]:
        """Run with the fault; exit status and the line of the call that was hit, if one was."""
        out = self.bench.folder / "strace"
        out.unlink(missing_ok=True)
        tracers = []

        def watch(thread: int, tid: int) -> None:
            options = killing(call) if fault == "kill" else refusing(call)
            if thread == call.thread and (tracer := attach(tid, out, *options)):
                tracers.append(tracer)

        status = self.bench.forks.run(*self.line, watch=watch)
        for tracer in tracers:
            end(tracer)
        lines = out.read_text(errors="replace").splitlines() if out.exists() else []
        if fault == "full":
            return status, next((line for line in lines if line.endswith("(INJECTED)")), "")
        last = [line for line in lines if not line.startswith(("---", "+++"))]
        return status, last[-1] if status == KILLED and last else ""

    def _undisturbed(self) -> Whole:
        self.bench.prepare(self.command)
        before = frozenset(evidence(self.bench.place))
        self.bench.done(*self.line)
        self.bench.prepare(self.command)
        start = time.monotonic()
        self.bench.done(*self.line)
        seconds = time.monotonic() - start
        first, after = state(self.bench.place), frozenset(evidence(self.bench.place))
        self.bench.prepare(self.command)
        found = self._census()
        if differences := state(self.bench.place).against(first):
            raise RuntimeError(f"{self.command.name}: two undisturbed runs differ: {'; '.join(differences)}")
        return Whole(first, before, after, tuple(found), seconds)

    def _census(self) -> list[Call]:
        """The calls of a run, thread by thread."""
        tracers = {}
        folder = self.bench.folder

        def watch(thread: int, tid: int) -> None:
            if tracer := attach(tid, folder / f"census-{thread}"):
                tracers[thread] = tracer

        if self.bench.forks.run(*self.line, watch=watch):
            raise RuntimeError(self._said())
        found: list[Call] = []
        for thread, tracer in sorted(tracers.items()):
            end(tracer)
            with (folder / f"census-{thread}").open(errors="replace") as lines:
                found += calls(thread, lines, self._roots)
        return found

    def strangers(self) -> set[int]:
        """Threads that write though Python did not start them: their calls would go undisturbed."""
        self.bench.prepare(self.command)
        out = self.bench.folder / "all-threads"
        known, tracers = set(), []

        def watch(thread: int, tid: int) -> None:
            known.add(tid)
            if thread == 0 and (tracer := attach(tid, out, "-f")):
                tracers.append(tracer)

        self.bench.forks.run(*self.line, watch=watch)
        for tracer in tracers:
            end(tracer)
        with out.open(errors="replace") as lines:
            return writers(lines, self._roots) - known

    def _holds_either(self) -> bool:
        held = evidence(self.bench.place)
        return self.whole.before <= held or self.whole.after <= held

    def _said(self) -> str:
        lines = self.bench.forks.said.read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""


def firsts(trials: Trials) -> list[Call]:
    """The first call of each name and file: few that stand for all."""
    found: dict[tuple[str, str], Call] = {}
    for call in trials.whole.calls:
        found.setdefault(trials.kind(call), call)
    return list(found.values())


def thinned(found: Iterable[Call], every: int, talks: int) -> list[Call]:
    """Of like calls on one file the first of every so many, and so of those to the server."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for call in found:
        if seen[call.name, call.where] % (talks if call.where == SERVER else every) == 0:
            kept.append(call)
        seen[call.name, call.where] += 1
    return kept


def wanting_room(found: Iterable[Call]) -> list[Call]:
    """Those that a full disk refuses."""
    return [call for call in found if call.name not in NEEDS_NO_ROOM and call.where != SERVER]
