"""What corpora are called, by the runs that read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from neuronkb.queries import Result
from neuronkb.queries.catalogue.corpora import corpora, with_corpora
from neuronkb.queries.result.corpora import corpora_line

A, B, C = "a1" * 32, "b2" * 32, "c3" * 32


class Runs:
    """A store of runs alone; each is (job, parameters, summary)."""

    def __init__(self, **runs: tuple[str, dict[str, Any], dict[str, Any] | None]) -> None:
        self.rows = [
            (name, job, "m", None, None, json.dumps(parameters), summary and json.dumps(summary))
            for name, (job, parameters, summary) in runs.items()
        ]

    def read(self, cypher: str, params: Mapping[str, Any] | None = None, **how: Any) -> Result:
        return Result(("run", "job", "model", "started", "ended", "parameters", "summary"), list(self.rows))


def over(hash: str, name: str | None = None, job: str = "activations", **more: Any) -> tuple[str, Any, Any]:
    return job, {"corpus": hash, "tokenizer": "t", **more}, None if name is None else {"corpus_name": name}


def test_after_their_sources_or_the_first_digits_of_their_hash() -> None:
    runs = Runs(one=over(A, "a.txt"), two=over(B), three=("lm-head", {"k": 1}, None), four=over(A, job="n2g"))
    assert corpora(runs) == {"one": "a.txt", "two": "b2b2b2b2", "four": "a.txt"}


def test_namesakes_are_told_apart() -> None:
    runs = Runs(one=over(A, "a.txt"), two=over(B, "a.txt"), three=over(C, "a.txt", tokenizer="another"))
    assert corpora(runs) == {"one": "a.txt a1a1a1a1", "two": "a.txt b2b2b2b2", "three": "a.txt"}


def test_a_text_that_two_models_read() -> None:
    read = {"text": B, "positions": 500}
    runs = Runs(one=over(A, "a.txt"), two=("link", read, {"corpus_name": "a.txt"}), three=("match", read, None))
    assert set(corpora(runs).values()) == {"a.txt"}


def test_rows_of_several_are_told_of_which() -> None:
    runs = Runs(one=over(A, "a.txt"), two=over(B, "b.txt"), three=over(A))
    several: list[list[Any]] = [[("one", 1), ("two", 2)], [("one", [{"run": "two"}])]]
    for rows in several:
        assert with_corpora(runs, Result(("run", "x"), rows)).corpora == {"one": "a.txt", "two": "b.txt"}
    single: list[list[Any]] = [[("one", "two")], [("one", 1), ("three", 2)], []]
    for rows in single:
        assert not with_corpora(runs, Result(("run", "x"), rows)).corpora
    words = Result(("word",), [("june",)])
    assert not with_corpora(runs, words).corpora
    assert len(with_corpora(runs, words, {"activations"}, "m").corpora) == 3


def test_the_line() -> None:
    assert corpora_line({"r": "a", "s": "b", "t": "a"}) == "corpora: a (r, t), b (s)"
