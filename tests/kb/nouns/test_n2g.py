"""N2G through the API, on both stores: built, imported, read back, searched."""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.bundle import UNVERIFIED, Bundle, RunInfo
from neuronkb.ingest.n2g.calibrate import Observation, calibrate
from neuronkb.ingest.n2g.graph import Graph, Match
from neuronkb.ingest.n2g.job import N2GJob
from neuronkb.ingest.n2g.predict import predictor
from neuronkb.ingest.n2g.similar import GRAPH_MEASURES
from neuronkb.ingest.n2g.tables import GraphRecord, Tables, read_graph, record_tables, rows_tables
from neuronkb.ingest.n2g.trie import Step, Trie
from neuronkb.ingest.progress import Progress, silent
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.kb.session import Session
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers.graphs import neuron_graphs
from neuronkb.schema import ModelError, NeuronId, PublishedError, QueryError
from neuronkb.tests.ingest.n2g import planted
from neuronkb.tests.ingest.n2g.test_alike import made

from tests.filled import Filling

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "n2g" / "refrun_toy"
SETTINGS = {"random": 16, "substitutes": 3, "device": "cpu"}
WINDOWS = {"length": planted.LENGTH, "similarity": None}


@pytest.fixture
def kb(filling: Filling) -> KnowledgeBase:
    """The planted model's graphs."""

    def built(kb: KnowledgeBase) -> None:
        texts = planted.texts(kb.place.folder / "texts.jsonl")
        kb.n2g.ingest(planted.model(kb.place.folder / "planted"), texts, windows=WINDOWS, settings=SETTINGS)

    return filling.of(built)


def test_a_built_graph_comes_back_and_predicts_the_same(kb: KnowledgeBase) -> None:
    (card,) = kb.n2g.show(f"planted/L0/N{planted.NEURON}").graphs
    assert (card.facts["status"], card.facts["f1"], card.facts["algorithm"]) == ("ok", 1.0, "neuronkb")
    graph = read_graph("neuronkb", card.nodes)
    tokens = [" license", " word24", " version", " version", " comma"]
    values = predictor(graph, card.facts["base"]).predict(tokens)
    (said,) = kb.n2g.predict(f"planted/L0/N{planted.NEURON}", "license word24 version version comma").predictions
    assert list(said.tokens) == tokens
    assert list(said.values) == values.tolist()
    assert [value >= 0.4 for value in said.values] == [False, False, True, False, False]
    # Not a digit was lost on the way.
    stored = json.loads((Path(kb.where) / "bundles").joinpath(card.facts["run"], "run.json").read_text())
    assert stored["job"] == "n2g"


ODD = (
    *(" a", "A", "a", "", " ", "\n\n", '"', "\\", "'", "it's", "`", "$x", "{", "null", "\x7f"),
    *("\u2028", "\u00e9", "e\u0301", "\U0001f600", "\u05e9"),
)


@dataclass
class MadeJob:
    """Graphs of made-up paths of odd tokens, with every kind of node."""

    graphs: list[Graph]
    run: RunInfo = field(default_factory=lambda: RunInfo("n2g-made", "n2g", "toy", UNVERIFIED, None, {}))

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        records = [GraphRecord(NeuronId("toy", 0, i), 1, graph) for i, graph in enumerate(self.graphs)]
        yield (
            "L000",
            {**rows_tables({"Model": [{"id": "toy", "weights": UNVERIFIED}]}), **record_tables(records, self.run.id)},
        )

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        return {}


def odd_graph(random: np.random.Generator) -> Graph:
    """Some paths over each other, calibrated on texts of the same tokens."""
    trie = Trie()
    kinds: list[Match] = ["token", "token", "token", "any", "gap", "fold"]
    for _ in range(int(random.integers(1, 6))):
        path = [Step("token", token, token, float(random.random())) for token in random.choice(ODD, 1)]
        for token in random.choice(ODD, int(random.integers(0, 4))):
            kind = kinds[int(random.integers(len(kinds)))]
            path.append(Step(kind, "" if kind in ("any", "gap") else str(token), str(token), float(random.random())))
        trie.add([*path, Step("start")] if random.random() < 0.3 else path)
    texts = [random.choice(ODD, 5).tolist() for _ in range(20)]
    return calibrate(trie.tree(), [Observation(text, random.random(5)) for text in texts]).graph()


def test_any_graph_comes_back_from_the_store_as_it_was(store: Store, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    made = [odd_graph(random) for _ in range(40)]
    write_and_load(MadeJob(made), store, tmp_path / "made", clash="refuse", progress=silent)
    for number, graph in enumerate(made):
        (card,) = neuron_graphs(store, f"toy/L0/N{number}").graphs
        found = read_graph("neuronkb", card.nodes)
        assert found == graph
        text = random.choice(ODD, 12).tolist()
        assert predictor(found, 0.1).predict(text).tolist() == predictor(graph, 0.1).predict(text).tolist()


def test_neurons_are_found_by_what_they_fire_on(kb: KnowledgeBase) -> None:
    assert [row[0] for row in kb.n2g.find("Version").rows] == [f"planted/L0/N{planted.NEURON}"]
    assert kb.n2g.find("license").rows[0][0] == f"planted/L0/N{planted.ALWAYS}"
    (both,) = kb.n2g.find("version", "license").dicts()
    assert (both["neuron"], both["tokens"], both["context"]) == (
        f"planted/L0/N{planted.NEURON}",
        [" version"],
        [" license"],
    )
    assert kb.n2g.find("version", exact=True).rows == []
    assert len(kb.n2g.find(" version", exact=True).rows) == 1
    assert kb.n2g.find(context="license").rows[0][0] == f"planted/L0/N{planted.NEURON}"
    with pytest.raises(QueryError, match="no word to look for"):
        kb.n2g.find()


def test_neurons_of_like_graphs_are_joined(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(N2GJob, "build", lambda _, materials: [made((m.target.index, 1)) for m in materials])
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    texts, model = planted.texts(tmp_path / "texts.jsonl"), planted.model(tmp_path / "planted")
    kb.n2g.ingest(model, texts, windows=WINDOWS, settings=SETTINGS)
    bundle = Bundle.open(next((tmp_path / "store" / "bundles").glob("n2g-*")))
    (table,) = bundle.tables("Neuron.SIMILAR.Neuron")
    written = [(row["measure"], row["start"], row["end"], row["rank"], row["null"]) for row in table.to_pylist()]
    stored = kb.cypher("MATCH (a)-[s:SIMILAR]->(b) RETURN s.measure, a.id, b.id, s.rank, s.`null`", limit=None).rows
    assert sorted(map(tuple, stored)) == sorted(written)
    assert {measure for measure, *_ in written} == set(GRAPH_MEASURES)
    start = next(a for measure, a, _, rank, _ in written if (measure, rank) == ("deepdecipher", 2))
    found = kb.similar.show(start, by="graph", top=2).neighbours
    assert [("deepdecipher", start, near.neuron, near.rank, near.control) for near in found] == [
        row for row in sorted(written, key=lambda row: row[3]) if row[:2] == ("deepdecipher", start)
    ][:2]
    # A run over some neurons may have missed nearer ones: what is short of the number asked for is worked out anew.
    assert {near.measure for near in kb.similar.show(start, by="graph", top=20).neighbours} == {"graph"}
    # Where no measure is named, graphs do not stand in for weights.
    assert not {near.measure for near in kb.similar.show(start).neighbours} & set(GRAPH_MEASURES)
    assert kb.n2g.ingest(model, texts, windows=WINDOWS, settings=SETTINGS).total == 0


def test_a_report_counts_every_neuron(kb: KnowledgeBase) -> None:
    (row,) = kb.n2g.report("planted").dicts()
    assert (row["layer"], row["graphs"], row["dead"]) == (0, 8, 6)
    assert row["untested"] >= 6
    assert row["f1"] == pytest.approx(1.0)
    assert row["f1_token"] < 1.0


def test_the_same_run_again_changes_nothing(kb: KnowledgeBase) -> None:
    folder = kb.place.folder
    report = kb.n2g.ingest(folder / "planted", folder / "texts.jsonl", windows=WINDOWS, settings=SETTINGS)
    assert report.total == 0


def test_unknown_neurons_are_named(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match=r"no neuron .planted/L0/N99. in the store"):
        kb.n2g.show("planted/L0/N99")


@pytest.mark.skipif(not REAL.is_dir(), reason="the data of others is not beside the checkout")
def test_a_published_folder_answers_as_its_own_file_does(store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    found = kb.n2g.import_(REAL, model="toy")
    assert found.summary["neurons"] == 6
    words = json.loads((REAL / "neuron_store.json").read_text("utf-8"))

    def place(row: dict[str, object]) -> str:
        _, layer, index = str(row["neuron"]).split("/")
        return f"{layer[1:]}_{index[1:]}"

    for token, names in words["activating"].items():
        assert {place(row) for row in kb.n2g.find(token, exact=True).dicts()} == set(names), token
    for token, names in words["important"].items():
        assert {place(row) for row in kb.n2g.find(context=token, exact=True).dicts()} == set(names), token
    assert place(kb.n2g.find("2", ".").dicts()[0]) == "1_349"
    assert kb.n2g.import_(REAL, model="toy").load.total == 0
    (card,) = kb.n2g.show("toy/L1/N276").graphs
    assert card.facts["lossy"]
    with pytest.raises(ModelError, match="read from drawings"):
        kb.n2g.predict("toy/L1/N276", "a")


def test_layers_and_neurons_are_not_asked_for_together(tmp_path: Path) -> None:
    """No model is read and no store made for it."""
    kb = KnowledgeBase.of(Session.at(tmp_path / "store"))
    with pytest.raises(ModelError, match="both given; give one of them"):
        kb.n2g.ingest(tmp_path / "model", tmp_path / "texts.jsonl", layers=[0], neurons=["L0/N1"])
    assert not (tmp_path / "store").exists()


def test_no_folder_is_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match="is no folder"):
        KnowledgeBase(store, str(tmp_path / "store")).n2g.import_(tmp_path / "none")
