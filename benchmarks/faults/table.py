"""What became of many disturbed runs, as a table and a list of those that were not sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from neuronkb.tests.faults.trial import Outcome

HEAD = ("command", "store", "fault", "call", "points", "hit", "equal", "refused", "differ", "lost", "unclear", "s")


def rows(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, ...]]:
    """One row for each command, store, fault and system call."""
    groups: defaultdict[tuple[str, ...], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[each.command, each.place, each.fault, each.call.name].append(each)
    for key, group in groups.items():
        counts = [
            len(group),
            sum(each.verdict != "missed" for each in group),
            *(sum(each.verdict == verdict for each in group) for verdict in ("equal", "refused", "differs")),
            sum(each.lost for each in group),
            sum(each.unclear for each in group),
        ]
        seconds = sum(each.seconds for each in group)
        yield (*key, *map(str, counts), f"{seconds:.0f}")


def markdown(outcomes: Iterable[Outcome]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, tuple("---" for _ in HEAD), *rows(outcomes)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def unsound(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Each run after which something was lost, one line."""
    for each in outcomes:
        if not each.sound:
            why = "; ".join(each.differences) or "neither the older nor the new evidence was whole in between"
            yield f"{each.command} on {each.place}, {each.fault} at {each.call}: {each.verdict}: {why}"


def unclear(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """What commands said of a full disk without naming it, each once."""
    yield from sorted({f"{each.call.name}: {each.said}" for each in outcomes if each.unclear})
