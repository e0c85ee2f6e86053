"""Every job twice, in two processes that hash texts otherwise and lie in other folders: each file of each bundle; and
that some job writes every property that the schema declares."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import neuronkb
from neuronkb.schema import TABLES, Node, run_id


def made(folder: Path, seed: str) -> dict[str, Any]:
    folder.mkdir(parents=True)
    environ = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "neuronkb.tests.kb.reproduced", str(folder)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads((folder / "holdings.json").read_text())
    return found


ELSEWHERE = {
    # probes of labels that a model gave
    "Feature.description": "ingest/probes/job.py",
    # the embedder, which needs a download
    "Explanation.embedding": "ingest/explain/tables.py",
    "Explanation.embedder": "ingest/explain/tables.py",
    # chats, where roles were asked for
    **dict.fromkeys(
        (f"Stats.{name}" for name in ("roles", "role_n", "role_mean", "role_nonzero", "role_max")),
        "ingest/activations/tables.py",
    ),
    # a mixture of experts
    **dict.fromkeys(("Model.n_experts", "Model.d_expert", "Neuron.expert"), "ingest/lm_head/tables.py"),
    **dict.fromkeys(
        (f"Expert.{name}" for name in ("id", "model", "layer", "expert", "neurons")), "ingest/lm_head/routed.py"
    ),
    **dict.fromkeys(
        (f"ROUTES_ON.{name}" for name in ("pole", "convention", "rank", "logit", "z", "probability", "run")),
        "ingest/lm_head/tables.py",
    ),
    "Stats.routed": "ingest/activations/tables.py",
    # people's ratings
    "Score.rater": "kb/nouns/ratings.py",
    "Score.revision": "kb/jobs/revisions.py",
    # explanations of more neurons of a layer: another one's is the null
    "Score.null": "ingest/explain/tables.py",
    "EXPLAINED_BY.null": "schema/headline.py",
    # clamps with answers in words, which take the longest
    **dict.fromkeys(
        (f"Intervention.{name}" for name in ("answers", "named_off", "named_on", "named_other")),
        "ingest/causal/tables.py",
    ),
    # findings about neurons with evidence of every kind in the fine-tune too
    **dict.fromkeys(
        (f"CARRIED_TO.{name}" for name in ("graph_f1", "probe_f1", "explanation_score", "clamp_effect")),
        "ingest/findings/tables.py",
    ),
}
"""Properties that these small jobs leave empty, and the module that writes each; its own tests see the value."""


def declared() -> set[str]:
    """`LABEL.property` and `TYPE.property` of all that jobs may write; a type is the same between any two labels."""
    return {
        f"{_name(one)}.{prop.name}" for one in TABLES.values() if not one.own for prop in one.properties if not prop.own
    }


def written(folder: Path) -> set[str]:
    """The same, of what some row has a value of."""
    parts = (name.rpartition(".") for name in json.loads((folder / "written.json").read_text()))
    return {f"{_name(TABLES[table])}.{name}" for table, _, name in parts if table in TABLES}


def _name(table: Any) -> str:
    return str(table.label if isinstance(table, Node) else table.type)


def test_every_job_makes_the_same_files_under_the_same_name(tmp_path: Path) -> None:
    one, two = made(tmp_path / "a", "1"), made(tmp_path / "another" / "place", "2")
    jobs = {name.rpartition("-")[0] for name in one}
    assert jobs == {
        *("lm-head", "activations", "probes", "n2g", "explanations", "clamp", "feeds", "link", "match", "carry"),
        *("import-probes", "import-explanations", "import-n2g", "agree"),
    }
    assert one == two
    assert declared() - written(tmp_path / "a") == set(ELSEWHERE)
    assert sum(len(bundle["files"]) for bundle in one.values()) > 150
    text = json.dumps([bundle["parameters"] for bundle in one.values()])
    assert str(tmp_path) not in text

    for name, bundle in one.items():
        said = bundle["run"]
        more = {"tokenizer": said["tokenizer"], "dataset": said["dataset"]}
        assert name == run_id(said["job"], said["model"], said["weights"], bundle["parameters"], **more)


def test_what_is_written_elsewhere_is_named_there() -> None:
    root = Path(neuronkb.__file__).parent
    for name, module in ELSEWHERE.items():
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", (root / module).read_text()), f"{module} writes no {name}"
