"""The form over plain standard input, and the report that follows it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.rate import rate
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.tests.kb.rated import MONTHS, TEXTS, fill


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("rating")
    with KnowledgeBase.open(folder / "store") as kb:
        fill(kb.db, folder)
    yield str(folder / "store")
    stop(folder / "store")


def form(store: str, said: str, *options: str, rater: str) -> Result:
    return CliRunner().invoke(rate, ["base", "--store", store, "--rater", rater, *options], input=said)


def test_ratings_by_letter(store: str) -> None:
    done = form(store, "9\n5\n4\n3\n2\n1\n", "--neuron", str(MONTHS), rater="ann")
    assert done.exit_code == 0, done.output
    assert "1 of 1: base/L1/N3, pole +" in done.stderr
    assert all(text in done.stderr for text in TEXTS[:4])
    assert "writer" not in done.output  # who wrote an explanation stays hidden
    assert "'9' is no answer here" in done.stderr
    assert "1 of 1 kept as ann's." in done.stderr
    assert "Ratings of base beside ev-correlation on top-and-random" in done.stdout
    again = form(store, "q\n", "--neuron", str(MONTHS), rater="ann")  # a neuron that is named can be judged anew
    assert "1 of 1: base/L1/N3, pole +" in again.stderr


def test_a_ranking_skipped_and_ended(store: str) -> None:
    done = form(store, "abcd\nedcba\ns\nq\n", "--rank", "--json", rater="bob")
    assert done.exit_code == 0, done.output
    assert "1 of 6 kept as bob's." in done.stderr
    (row,) = [row for row in json.loads(done.stdout)["raters"] if row["rater"] == "bob"]
    assert row["formula"] == "rank-of-shown"
    assert row["rated"] in (1, 4)


def test_the_form_ends_with_its_input_and_keeps_what_is_whole(store: str) -> None:
    done = form(store, "5\n5\n5\n5\n5\n1\n2\n", rater="eve")
    assert done.exit_code == 0, done.output
    assert "1 of 6 kept as eve's." in done.stderr


def test_the_report_alone(store: str) -> None:
    done = form(store, "", "--report", rater="nobody")
    assert done.exit_code == 0, done.output
    assert "kept as" not in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
