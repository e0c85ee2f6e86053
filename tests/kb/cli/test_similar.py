"""Matches, neighbours and feeds as a person would ask for them, on a local store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.tests import matched


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("matched")
    base = matched.base(root / "base")
    return base, matched.permuted(base, root / "permuted")


def test_match_similar_and_feeds(local_store: object, local_folder: Path, folders: tuple[Path, Path]) -> None:
    def run(*args: str) -> Result:
        return CliRunner().invoke(cli, [*args, "--store", str(local_folder)])

    base, permuted = map(str, folders)
    said = run("similar", "match", base, permuted, "--k", "2", "--device", "cpu").stdout
    assert "base and permuted by weights" in said
    assert "Neuron.SIMILAR.Neuron" in said
    assert "100.0%" in said
    found = json.loads(run("similar", "match", base, permuted, "--k", "2", "--device", "cpu", "--json").stdout)
    assert found["whole"]["mutual"] == 1
    copy = f"L1/N{int(torch.argsort(matched.order(1))[7])}"
    said = run("similar", "show", "base/L1/N7", "--by", "weights", "--model", "permuted").stdout
    assert "In permuted by weights" in said
    assert copy in said
    assert "null" in said
    assert "jaccard" not in said
    rows = json.loads(run("similar", "show", "base/L1/N7", "--top", "1", "--json").stdout)["neighbours"]
    assert [(row["neuron"], row["rank"]) for row in rows] == [(f"permuted/{copy}", 1)]
    failed = run("feeds", "show", "base/L0/N1")
    assert failed.exit_code == 1
    assert "neuronkb feeds ingest base" in failed.stderr
    assert "Neuron.FEEDS.Neuron" in run("feeds", "ingest", base, "--k", "2", "--no-null", "--device", "cpu").stdout
    said = run("feeds", "show", "base/L0/N1").stdout
    assert "base/L0/N1 feeds" in said
    assert "L1/N" in said
    rows = json.loads(run("feeds", "show", "base/L0/N1", "--json").stdout)["feeds"]
    assert [(row["way"], row["through"], row["rank"]) for row in rows] == [
        ("down", through, rank) for through in ("gate", "up") for rank in (1, 2)
    ]
    assert all(row["control"] is None for row in rows)
    failed = run("similar", "show", "base/L1/N7", "--by", "activation", "--model", "other")
    assert failed.exit_code == 1
    assert "neuronkb similar match base other --by activation" in failed.stderr
