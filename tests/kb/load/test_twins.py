"""The same weights under a second name: a second model with all evidence, worked out once where that can be."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.twins import JOBS
from neuronkb.kb.stores.base import Store
from neuronkb.schema import WeightsError

from tests import every_job
from tests.graph import contents

OTHER = "org/New-Name"
COUNTED = "MATCH (n:Neuron {model: $model})-[r]->() RETURN type(r), count(r) ORDER BY type(r)"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_job.materials(tmp_path_factory.mktemp("given"))


@pytest.fixture
def kb(local_store: Store, tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase(local_store, str(tmp_path / "store"))


@pytest.mark.long
def test_every_job_under_a_second_name(kb: KnowledgeBase, given: Path, tmp_path: Path) -> None:
    first, second = every_job.run(kb, given), every_job.run(kb, given, OTHER)
    again = {name for name, total in second.items() if total == 0}
    assert again == {"lm-head tuned", "import-probes", "import-explanations", "import-n2g"}
    assert {name for name, total in first.items() if total == 0} == set()
    held = {row["model"]: row["weights"] for row in kb.models.list().dicts()}
    assert held["base"] == held[OTHER]
    runs = [(row["job"], row["run"]) for row in kb.runs.list(model=OTHER).dicts()]
    known = {row["run"] for row in kb.runs.list(model="base").dicts()}
    for job, run in runs:
        bundle = Bundle.open(kb.place.bundle(run))
        source = bundle.run.scope.get("same_as")
        assert (source is not None) == (job in JOBS), job
        assert source is None or source.removesuffix(" (base)") in known
        assert bundle.check() == []
    _as_if_worked_out(kb, given, tmp_path)
    _linked(kb, given)


def _as_if_worked_out(kb: KnowledgeBase, given: Path, tmp_path: Path) -> None:
    """Where no bundle is there to copy from, the jobs give the very same files, and no new row."""
    before = contents(kb.db)
    alone = KnowledgeBase(kb.db, str(tmp_path / "alone"))
    model, texts = given / "base", given / "texts.jsonl"
    reports = [
        alone.lm_head.ingest(model, name=OTHER, settings=every_job.DECODING),
        alone.activations.ingest(model, texts, name=OTHER, windows=every_job.WINDOWS, settings=every_job.PASS),
        alone.probes.ingest(model, features=[str(given / "months.jsonl")], name=OTHER, settings=every_job.PROBES),
        alone.n2g.ingest(
            model,
            texts,
            name=OTHER,
            neurons=every_job.NEURONS,
            windows=every_job.WINDOWS,
            settings=every_job.GRAPHS,
        ),
    ]
    for found in reports:
        assert (found.total, found.same_as) == (0, None)
        copied, made = (Bundle.open(each.place.bundle(found.run)) for each in (kb, alone))
        assert {name: shard.files for name, shard in copied.shards.items()} == {
            name: shard.files for name, shard in made.shards.items()
        }
    after = contents(kb.db)
    assert {name: after[name] for name in after if name != "Run"} == {
        name: before[name] for name in before if name != "Run"
    }


def _linked(kb: KnowledgeBase, given: Path) -> None:
    """The two names can be linked: nothing moved."""
    weights = str(given / "base")
    found = kb.links.make("base", OTHER, base_weights=weights, tuned_weights=weights)
    assert found.mean_cosine == pytest.approx(1.0)
    moved = (
        "MATCH (:Neuron {model: 'base'})-[c:COUNTERPART]->(n:Neuron {model: $other}) RETURN count(c), max(c.delta_up)"
    )
    assert kb.cypher(moved, other=OTHER).rows == [(48, 0.0)]
    (one, two) = (dict(kb.cypher(COUNTED, model=model).rows) for model in ("base", OTHER))
    for kind in ("DECODES_TO", "FIRES_ON", "FIRES_ON_TOKEN", "DETECTS", "HAS_GRAPH", "EXPLAINED_BY", "HAS_STATS"):
        assert one[kind] == two[kind], kind


def test_the_command_says_so_and_other_weights_are_no_twin(
    local_store: Store, local_folder: Path, given: Path, tmp_path: Path
) -> None:
    kb = KnowledgeBase(local_store, str(local_folder))
    model, where = given / "base", ["--store", str(local_folder), "--k", "3"]
    kb.lm_head.ingest(model, name="org/Old", layers=[0], settings={"k": 3})
    # Not the same layers: each that is known is taken over by itself.
    whole = CliRunner().invoke(cli, ["lm-head", "ingest", str(model), "--name", "org/Middle", *where])
    assert (whole.exit_code, "copied from" in whole.output) == (0, False)
    said = CliRunner().invoke(cli, ["lm-head", "ingest", str(model), "--name", "org/New", *where])
    assert said.exit_code == 0, said.output
    assert "the same weights under another name: copied from lm-head-" in said.stdout
    assert "(org/Middle)" in said.stdout
    assert len([row for row in kb.models.list().dicts() if row["model"].startswith("org/")]) == 3
    with pytest.raises(WeightsError):
        kb.lm_head.ingest(given / "tuned", name="org/New", settings={"k": 3})
