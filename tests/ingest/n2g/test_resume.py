"""The job is killed with signal 9 and goes on where it was: the evidence is that of a job nobody disturbed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.bundle import Bundle, BundleWriter
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.n2g import job as n2g_job
from neuronkb.ingest.n2g import passes
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.n2g.job import N2GJob
from neuronkb.ingest.n2g.passes import Passes
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.n2g import planted

SETTINGS = {"random": 16, "substitutes": 3, "batch": 8}
SCRIPT = """
import os, signal, sys
from pathlib import Path
from neuronkb.tests.ingest.n2g.test_resume import run
step, done, model, corpus, work, out = sys.argv[1:]

def killed(told, at, total):
    if told == step and at >= int(done):
        os.kill(os.getpid(), signal.SIGKILL)

run(Path(model), Path(corpus), Path(work), Path(out), killed)
"""


def run(model: Path, corpus: Path, work: Path, out: Path, progress: Any) -> None:
    """The whole job into a bundle, in shards of two neurons, windows marked after every two batches."""
    n2g_job.PART, passes.EVERY = 2, 2
    live = LiveModel.open(model, dtype="float32", device="cpu")
    job = N2GJob.open(live, Corpus.open(corpus), work, settings=SETTINGS)
    job.bundle = out
    writer = BundleWriter.open(out, job.run)
    for name, tables in job.shards(writer.done, progress):
        writer.write(name, tables)
    writer.finish(summary=job.summary(writer.done))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `run` sets is set back after the test."""
    monkeypatch.setattr(n2g_job, "PART", n2g_job.PART)
    monkeypatch.setattr(passes, "EVERY", passes.EVERY)


def rows(folder: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    bundle = Bundle.open(folder)
    return {
        (name, entry.table): bundle.read(entry).to_pylist()
        for name, shard in bundle.shards.items()
        for entry in shard.files
    }


@pytest.mark.usefixtures("small")
def test_a_killed_job_goes_on_where_it_was(planted_folder: Path, corpus: Corpus, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    run(planted_folder, corpus.folder, tmp_path / "work", tmp_path / "whole", lambda s, d, t: told.append((s, d)))
    assert not list((tmp_path / "work").iterdir())
    ran = [done for step, done in told if step == "running windows"]
    whole = int((corpus.lengths == corpus.settings.length).sum())
    assert 0 < whole < len(corpus)
    assert len(ran) == -(-whole // 8) + -(-(len(corpus) - whole) // 8)

    where = [str(planted_folder), str(corpus.folder), str(tmp_path / "again"), str(tmp_path / "killed")]
    for step, done in (("running windows", 40), ("building graphs", 4)):
        command = [sys.executable, "-c", SCRIPT, step, str(done), *where]
        assert subprocess.run(command, check=False).returncode == -9

    told.clear()
    run(planted_folder, corpus.folder, tmp_path / "again", tmp_path / "killed", lambda s, d, t: told.append((s, d)))
    # The pass was whole and two of four shards written; nothing of that is done again.
    assert not [step for step, _ in told if step == "running windows"]
    assert [done for step, done in told if step == "building graphs"][-1] < 8
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")
    assert "similar" in Bundle.open(tmp_path / "killed").shards


def test_kept_values_are_those_of_the_pass(live: LiveModel, corpus: Corpus, tmp_path: Path) -> None:
    """Both sides of a neuron share a column; half of the windows come from a process that was here before."""
    targets = [Target(0, planted.NEURON), Target(0, planted.ALWAYS, -1), Target(0, planted.ALWAYS)]
    every = np.arange(len(corpus))
    first = Passes(live, corpus, targets, 8, tmp_path)
    for _ in first.each(every[:16]):
        pass
    told: list[int] = []
    kept = list(Passes(live, corpus, targets, 8, tmp_path).each(every, lambda s, d, t: told.append(d)))
    for (numbers, values), (same, fresh) in zip(kept, Passes(live, corpus, targets, 8).each(every), strict=True):
        assert numbers.tolist() == same.tolist()
        assert values.tolist() == fresh.tolist()
        assert (values[..., 1] == -values[..., 2]).all()
    assert min(told) == 8
    first.drop()
    assert not list(tmp_path.iterdir())
