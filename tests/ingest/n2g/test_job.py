"""The job on the planted model, and on a small trained one where it is at hand."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.n2g.graph import Graph
from neuronkb.ingest.n2g.job import N2GJob
from neuronkb.ingest.n2g.tables import read_graph
from neuronkb.ingest.n2g.windows import Material
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError
from neuronkb.tests import stories
from neuronkb.tests.ingest.n2g import planted

SETTINGS = {"random": 16, "substitutes": 3}


def test_every_neuron_has_a_graph_and_says_what_is_wrong_with_it(live: LiveModel, corpus: Corpus) -> None:
    job = N2GJob.open(live, corpus, settings=SETTINGS)
    shards = dict(job.shards())
    assert set(shards) == {"model", "L000"}
    graphs = {row["id"].split("/")[2]: row for row in shards["L000"]["Graph"].to_pylist()}
    assert len(graphs) == 8
    assert graphs[f"N{planted.NEURON}"]["status"] == "ok"
    assert graphs[f"N{planted.NEURON}"]["f1"] == 1.0
    dead = graphs[f"N{planted.DEAD}"]
    assert (dead["status"], dead["support"], dead["f1"], dead["precision"]) == ("dead", 0, None, None)
    assert job.summary(set(shards))["shards"] == ["L000"]


def graphs(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """The graphs that jobs make from now on."""
    made: list[Graph] = []
    build = N2GJob.build

    def noted(self: N2GJob, materials: Sequence[Material], share: bool = True) -> list[Graph]:
        found = build(self, materials, share)
        made.extend(found)
        return found

    monkeypatch.setattr(N2GJob, "build", noted)
    return made


def test_a_job_keeps_no_graph_that_it_has_handed_out(
    live: LiveModel, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = N2GJob.open(live, corpus, settings=SETTINGS)
    made = graphs(monkeypatch)
    assert len(dict(job.shards())) == 2
    left = [weakref.ref(graph) for graph in made]
    assert len(left) == 8
    made.clear()
    gc.collect()
    assert [ref for ref in left if ref() is not None] == []


def test_stored_rows_are_the_graph(live: LiveModel, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    job = N2GJob.open(live, corpus, neurons=[(0, planted.NEURON)], settings=SETTINGS)
    made = graphs(monkeypatch)
    ((_, tables),) = job.shards(done={"model"})
    parents = {row["end"]: row["start"] for row in tables["GraphNode.PRECEDED_BY.GraphNode"].to_pylist()}
    rows = [{**row, "parent": parents.get(row["id"])} for row in tables["GraphNode"].to_pylist()]
    assert read_graph("neuronkb", rows) == made[0]


def test_what_is_done_is_left_out_and_scope_is_no_part_of_the_run(live: LiveModel, corpus: Corpus) -> None:
    some = N2GJob.open(live, corpus, neurons=[(0, 2), (0, 1)], settings=SETTINGS)
    every = N2GJob.open(live, corpus, settings=SETTINGS)
    assert some.run.id == every.run.id
    (name,) = [name for name, _ in some.shards(done={"model"})]
    assert name.startswith("L000-")
    # Some of a layer's neurons are no whole layer.
    assert name not in dict(every.shards(done={"model", name}))
    assert dict(every.shards(done={"model", "L000"})) == {}
    other = N2GJob.open(live, corpus, settings={**SETTINGS, "substitutes": 2})
    assert other.run.id != every.run.id
    faster = N2GJob.open(live, corpus, settings={**SETTINGS, "batch": 3, "chunk": 2})
    assert faster.run.id == every.run.id


def test_wrong_neurons_and_settings_are_named(live: LiveModel, corpus: Corpus) -> None:
    with pytest.raises(ModelError, match="no layer 4: the model has layers 0 to 0"):
        N2GJob.open(live, corpus, layers=[4])
    with pytest.raises(ModelError, match="no neuron L0/N8: the model has layers 0 to 0 and neurons 0 to 7"):
        N2GJob.open(live, corpus, neurons=[(0, 8)])
    with pytest.raises(ModelError, match="no neurons were asked for"):
        N2GJob.open(live, corpus, neurons=[])
    with pytest.raises(ModelError, match="algorithm is 'best', expected one of neuronkb, paper"):
        N2GJob.open(live, corpus, settings={"algorithm": "best"})
    with pytest.raises(ModelError, match="unknown setting 'topk' of Neuron to Graph"):
        N2GJob.open(live, corpus, settings={"topk": 3})
    with pytest.raises(ModelError, match=r"threshold is 1\.5, expected a number above 0 and below 1"):
        N2GJob.open(live, corpus, settings={"threshold": 1.5})


@stories.needed
def test_a_trained_models_graphs_beat_its_lookups(tmp_path: Path) -> None:
    """Twelve neurons of stories260K on stories it wrote itself: both sides, all layers."""
    folder = stories.convert(tmp_path / "stories")
    texts = stories.write_texts(folder, tmp_path / "texts.jsonl", stories=100, tokens=100)
    corpus = Corpus.build(read_documents(texts), Tokenizer.open(folder), tmp_path / "corpus", {"length": 32})
    live = LiveModel.open(folder, dtype="float32", device="cpu")
    random = np.random.default_rng(1)
    neurons = [(layer, int(i)) for layer in range(5) for i in random.choice(172, 2, False)]
    job = N2GJob.open(live, corpus, neurons=neurons, settings={"random": 32, "report": 8})
    rows = [row for _, tables in job.shards(done={"model"}) for row in tables["Graph"].to_pylist()]
    assert len(rows) == 20
    f1 = np.array([row["f1"] for row in rows if row["f1"] is not None])
    null = np.array([row["null"] for row in rows if row["f1"] is not None])
    assert len(f1) >= 15
    assert f1.mean() > null.mean()
