"""Every job twice, in two processes that hash texts otherwise and lie in other folders: each file of each bundle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from neuronkb.schema import TABLES, run_id


def made(folder: Path, seed: str) -> dict[str, Any]:
    folder.mkdir(parents=True)
    environ = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "neuronkb.tests.kb.reproduced", str(folder)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads((folder / "holdings.json").read_text())
    return found


ELSEWHERE = {
    # published files
    *("Feature.description", "Probe.threshold", "Probe.gamma"),
    # the embedder, and people's ratings
    *("Explanation.embedding", "Explanation.embedder", "Score.rater", "Score.revision"),
    # explanations whose null is measured, clamps of sides with answers, findings with scores to carry
    *("Score.null", "Neuron.EXPLAINED_BY.Explanation.null"),
    *(f"Intervention.{name}" for name in ("answers", "named_off", "named_on", "named_other")),
    *(f"Finding.CARRIED_TO.Neuron.{name}" for name in ("graph_f1", "probe_f1", "explanation_score", "clamp_effect")),
}
"""Properties that these small jobs leave empty, and what else writes them; other tests do."""


def unwritten(folder: Path) -> set[str]:
    """What no row has a value of, in the tables that the jobs wrote."""
    written = set(json.loads((folder / "written.json").read_text()))
    tables = {name.rpartition(".")[0] for name in written}
    declared = {f"{name}.{prop.name}" for name in tables & set(TABLES) for prop in TABLES[name].properties}
    return declared - written


def test_every_job_makes_the_same_files_under_the_same_name(tmp_path: Path) -> None:
    one, two = made(tmp_path / "a", "1"), made(tmp_path / "another" / "place", "2")
    jobs = {name.rpartition("-")[0] for name in one}
    assert jobs == {
        *("lm-head", "activations", "probes", "n2g", "explanations", "clamp", "feeds", "link", "match", "carry"),
        *("import-probes", "import-explanations", "import-n2g"),
    }
    assert one == two
    assert unwritten(tmp_path / "a") == ELSEWHERE
    assert sum(len(bundle["files"]) for bundle in one.values()) > 150
    text = json.dumps([bundle["parameters"] for bundle in one.values()])
    assert str(tmp_path) not in text

    for name, bundle in one.items():
        said = bundle["run"]
        more = {"tokenizer": said["tokenizer"], "dataset": said["dataset"]}
        assert name == run_id(said["job"], said["model"], said["weights"], bundle["parameters"], **more)
