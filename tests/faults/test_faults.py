"""A sample of the faults of `make faults`: the first call of each name and file killed, and refused by a full disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from neuronkb.tests.faults.calls import OPENS, SERVER
from neuronkb.tests.faults.commands import COMMANDS, Bench
from neuronkb.tests.faults.places import LocalPlace
from neuronkb.tests.faults.strace import NoStraceError, check
from neuronkb.tests.faults.trial import Fault, Outcome, Trials, firsts, wanting_room


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A store with its server, and a process that forks. Skips without strace; with NEURONKB_REQUIRE_STRACE=1 fails."""
    try:
        check()
    except NoStraceError as error:
        if os.environ.get("NEURONKB_REQUIRE_STRACE") == "1":
            pytest.fail(f"NEURONKB_REQUIRE_STRACE=1 and {error}", pytrace=False)
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("faults")
    place = LocalPlace(folder / "store")
    try:
        bench = Bench.open(folder, place)
        yield bench
        bench.close()
    finally:
        place.close()


@pytest.fixture(scope="module")
def trials(bench: Bench) -> Callable[[str], Trials]:
    """The trials of a command, its undisturbed run made once."""
    return cache(lambda name: Trials(bench, COMMANDS[name]))


@pytest.mark.parametrize("fault", ["kill", "full"])
@pytest.mark.parametrize("name", ["ingest", "load"])
def test_nothing_is_lost_at_the_first_call_of_each_kind(
    trials: Callable[[str], Trials], name: str, fault: Fault, request: pytest.FixtureRequest
) -> None:
    chosen = firsts(trials(name))
    if name == "load":  # its other calls are among those of ingest
        chosen = [call for call in chosen if call.where == SERVER or "unfinished" in call.where]
    if fault == "full":  # where a file cannot be opened there is none that cannot be written
        chosen = [call for call in wanting_room(chosen) if call.name not in OPENS]
    if not request.config.getoption("--long"):
        chosen = chosen[::3]
    outcomes = [trials(name).one(fault, call) for call in chosen]
    assert sum(each.verdict != "missed" for each in outcomes) >= len(outcomes) - 1
    assert told(outcomes) == []


def test_a_run_that_replaces_another_leaves_one_of_them_whole(trials: Callable[[str], Trials]) -> None:
    found = trials("replace").whole.calls
    talks = [call for call in found if call.where == SERVER]
    folder = next(call for call in found if call.name == "mkdir")
    shard = [call for call in found if call.where.endswith(".parquet")][-1]
    outcomes = [trials("replace").one("kill", call) for call in (folder, shard, talks[len(talks) // 2], talks[-1])]
    assert told(outcomes) == []


def test_every_thread_that_writes_is_traced(trials: Callable[[str], Trials]) -> None:
    assert trials("ingest").strangers() == set()


def told(outcomes: list[Outcome]) -> list[str]:
    """What was not as after an undisturbed run, one line a fault."""
    return [
        f"{each.fault} at {each.call}: {each.verdict} {'; '.join(each.differences)}{' lost' * each.lost}"
        for each in outcomes
        if not each.sound
    ]
