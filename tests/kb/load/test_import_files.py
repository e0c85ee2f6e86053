"""Bundles through neo4j-admin make the database that loading them makes, bookkeeping and all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.bundle import UNVERIFIED, Bundle, BundleWriter, RunInfo
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.progress import silent
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.import_files import import_files
from neuronkb.kb.load.loader import load_all
from neuronkb.kb.load.write import write_bundle
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.import_files import ImportPlan
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.schema import BundleError, NeuronId, RunError, WeightsError
from neuronkb.tests.bundles import bundle, every_method
from neuronkb.tests.everything import BASE, NEURONS, TUNED, Rows, rows_of
from neuronkb.tests.graph import LINES, TIMES, contents

from tests.neo4j_server import QUICK_JAVA
from tests.neo4j_server import neo4j_server as running

LEFT_OUT = (*TIMES, *LINES)


@contextmanager
def imported(plan: ImportPlan) -> Iterator[Store]:
    """The database that neo4j-admin makes of the files, set up."""
    with running(start=False, java=[QUICK_JAVA]) as server:
        server.import_files(plan)
        server.start()
        with Neo4jStore.open(server.uri, server.user, server.password) as store:
            store.setup()
            yield store


def decodings(neurons: Sequence[str], z: float, run: str = "r") -> Rows:
    """Some neurons, what they decode to, and a table without neurons of its own."""
    at = [NeuronId.parse(name) for name in neurons]
    decoded = {"end": "t0/T0", "projection": "up", "pole": 1, "convention": "raw", "rank": 1, "logit": 1.0}
    return {
        "Model": [{"id": BASE, "weights": UNVERIFIED}],
        "Neuron": [{"id": str(n), "model": n.model, "layer": n.layer, "index": n.index} for n in at],
        "Neuron.IN_MODEL.Model": [{"start": str(n), "end": n.model} for n in at],
        "Token": [{"id": "t0/T0", "tokenizer": "t0", "token": 0, "text": ""}],
        "Term": [{"id": ""}, {"id": "w"}],
        "Token.SPELLS.Term": [{"start": "t0/T0", "end": ""}],
        "Neuron.DECODES_TO.Token": [{"start": str(n), "z": z, "probability": 0.5, "run": run, **decoded} for n in at],
    }


def overlapping_shards(root: Path) -> list[Path]:
    """Some neurons first, the whole layer later, and other numbers there: what was told first stays."""
    some, whole = NEURONS[:1], NEURONS[:3]
    shards = {"L009": decodings(whole, 2.0), "L009-some": decodings(some, 1.0), "L010": decodings(NEURONS[3:4], 3.0)}
    return [bundle(root / "r", "r", dict(sorted(shards.items(), reverse=True)))]


def two_workers(root: Path) -> list[Path]:
    """Bundles of one run that overlap, under equal and under other names of shards; one of them twice."""
    first = bundle(root / "one", "r", {"L009": decodings(NEURONS[:2], 1.0), "L010": decodings(NEURONS[3:4], 2.0)})
    other = bundle(root / "two", "r", {"L009": decodings(NEURONS[:3], 5.0), "L009-b": decodings(NEURONS[2:3], 6.0)})
    return [first, other, first]


def shared_nodes(root: Path) -> list[Path]:
    """Two models with one tokenizer, two runs of one model: nodes and words come once, the first to tell of them."""

    def told(model: str, run: str, untrained: bool) -> Rows:
        names = [f"{model}/L0/N{i}" for i in range(2)]
        rows = decodings(names, 1.0, run)
        rows["Model"] = [{"id": model, "weights": "w" * 64, "n_layers": 2 if run != "b" else None}]
        rows["Token"] = [{"id": "t0/T0", "tokenizer": "t0", "token": 0, "text": " June", "untrained": untrained}]
        return rows

    runs = (("a", BASE, True), ("b", BASE, False), ("c", TUNED, False))
    return [
        bundle(root / run, run, {"vocabulary": told(model, run, flag)}, model=model, weights="w" * 64)
        for run, model, flag in runs
    ]


def model_rows(root: Path, order: Sequence[str]) -> list[Path]:
    """Verified and unverified evidence of one model, and features that bundles tell different parts of."""
    facts: dict[str, dict[str, Any]] = {
        "verified": {"weights": "w" * 64, "n_layers": 18, "architecture": "A"},
        "unverified": {"weights": UNVERIFIED, "n_layers": 17, "d_mlp": 5},
        "silent": {"gated": True},
    }
    features: dict[str, list[dict[str, Any]]] = {
        "verified": [{"id": "f", "name": "n", "aliases": ["a", ""]}, {"id": "f", "name": "second", "n": 1}],
        "unverified": [{"id": "f", "name": None, "n": 5, "aliases": []}, {"id": "g"}],
        "silent": [{"id": "f", "name": "", "positives": 2}],
    }
    made = []
    for name in order:
        rows = {"Model": [{"id": BASE, **facts[name]}], "Feature": features[name]}
        weights = str(facts[name].get("weights", UNVERIFIED))
        made.append(bundle(root / name, name, {"model": rows}, weights=weights))
    return made


def equal_files(root: Path) -> list[Path]:
    """A file that is in already under another run is left alone, also where a third told something else since."""
    facts = ({"id": "f", "name": "one"}, {"id": "f", "name": "two"}, {"id": "f", "name": "one"})
    return [bundle(root / str(i), f"run{i}", {"x": {"Feature": [row]}}) for i, row in enumerate(facts)]


def given_again(root: Path) -> list[Path]:
    """Ratings of which several revisions come in any order, and scores that are nobody's rating."""

    def told(value: float, revision: int | None, scorer: str = "human") -> Rows:
        score = {"id": f"s-{scorer}", "scorer": scorer, "value": value, "revision": revision, "run": "r"}
        return {"Score": [score], "Explanation": [{"id": "e", "kind": "text", "text": "x", "run": "r"}]}

    first = bundle(root / "one", "r", {"a": told(1.0, None), "a-0003": told(3.0, 3), "b": told(0.1, None, "detection")})
    other = bundle(root / "two", "r", {"a-0002": told(2.0, 2), "b-0002": told(0.2, None, "detection")})
    return [first, other]


def texts_and_matrices(root: Path) -> list[Path]:
    """Empty texts at every kind of place, relationships without neurons of their own, and a matrix."""
    rows = decodings(NEURONS[:2], 1.0)
    alike = {"start": NEURONS[0], "end": NEURONS[1], "score": 0.5, "run": "r"}
    rows["Neuron.SIMILAR.Neuron"] = [{**alike, "measure": ""}, {**alike, "measure": "weights"}]
    rows["Finding"] = [{"id": "f", "text": "", "author": "", "evidence": [""]}]
    carried = {"start": "f", "end": NEURONS[0], "source": "", "verdict": "lost", "reason": "", "run": "r"}
    rows["Finding.CARRIED_TO.Neuron"] = [carried]
    matrix: Rows = {"TokenActivations": [{"layer": 0, "token": "t0/T0", "n": 1, "mean": [1.0], "min": [], "max": []}]}
    again: Rows = {"Neuron.SIMILAR.Neuron": [{**alike, "measure": "weights", "score": 0.75}]}
    return [bundle(root / "r", "r", {"all": rows | matrix, "only": matrix}), bundle(root / "again", "r", {"b": again})]


def scored_later(root: Path) -> list[Path]:
    """Published scores that came after their explanations, in other shards and in another bundle, on many sides."""
    sides: list[dict[str, Any]] = [
        {"start": n, "end": "e", "pole": pole, "run": "i"} for n in NEURONS[:2] for pole in (1, -1)
    ]
    sides.append({"start": NEURONS[0], "end": "mute", "pole": 1, "scorer": "own", "value": 0.5, "run": "i"})
    said = {
        **decodings(NEURONS[:2], 1.0, "i"),
        "Explanation": [{"id": name, "kind": "text", "text": name, "run": "i"} for name in ("e", "mute")],
        "Neuron.EXPLAINED_BY.Explanation": sides,
        "Latent": [{"id": "u", "source": "s", "index": 0}],
        "Latent.EXPLAINED_BY.Explanation": [{"start": "u", "end": "e", "pole": 1, "run": "i"}],
    }

    def told(unit: str, label: str, value: float | None, **about: Any) -> Rows:
        score = {"id": f"{unit}-{value}", "scorer": "detection", "value": value, "n": 2, "run": "i", **about}
        ends = {"start": score["id"], "end": unit, "run": "i"}
        return {
            "Score": [score],
            "Explanation.SCORED.Score": [{"start": "e", "end": score["id"], "run": "i"}],
            f"Score.OF.{label}": [ends],
        }

    first = {
        "b": told(NEURONS[0], "Neuron", 0.25, pole=1, formula="f1"),
        "c": told(NEURONS[0], "Neuron", 0.75, formula="auroc", null=0.5),
        "d": told(NEURONS[1], "Neuron", 1.0, scorer="human", pole=1),
        "a": told(NEURONS[1], "Neuron", None, scorer="correlation", pole=-1),
    }
    other = {"e": told("u", "Latent", 0.5), "f": told(NEURONS[1], "Neuron", 0.9, pole=-1)}
    about: dict[str, Any] = {"job": "import-explanations"}
    bundles = [bundle(root / name, "i", shards, **about) for name, shards in (("1", first), ("2", other))]
    # Scores first, and what they are of last: the order of bundles is free.
    return [*bundles, bundle(root / "3", "i", {"z": said}, **about)]


def findings_elsewhere(root: Path) -> list[Path]:
    """Verdicts on findings of which some are in no bundle, some in a later one, and one is told twice."""

    def carried(*names: str) -> list[dict[str, Any]]:
        about = {"end": NEURONS[0], "source": NEURONS[0], "verdict": "holds", "run": "r"}
        return [{"start": name, **about} for name in names]

    rows = decodings(NEURONS[:1], 1.0)
    rows["Finding"] = [{"id": "here", "text": "first", "author": "a"}]
    rows["Finding.CARRIED_TO.Neuron"] = carried("here", "elsewhere", "later")
    again: Rows = {"Finding.CARRIED_TO.Neuron": carried("here", "later"), "Neuron": rows["Neuron"]}
    later: Rows = {"Finding": [{"id": "here", "text": "second", "model": "m"}, {"id": "later", "text": "x"}]}
    later["Finding.ABOUT.Neuron"] = [{"start": name, "end": NEURONS[0]} for name in ("here", "later")]
    return [
        bundle(
            root / "r", "r", {"all": rows, "b": again, "gone": {**again, "Finding.CARRIED_TO.Neuron": carried("x")}}
        ),
        bundle(root / "later", "later", {"all": later}),
    ]


def between_neurons(root: Path) -> list[Path]:
    """Shards of relationships between neurons alone, of which two tell of the same pair: the first counts."""
    alike = {"start": NEURONS[0], "end": NEURONS[1], "measure": "weights", "run": "r"}
    drives = {"start": NEURONS[1], "end": NEURONS[3], "through": "up", "run": "r"}
    shards: dict[str, Rows] = {
        "L009": decodings(NEURONS[:2], 1.0),
        "L010": decodings(NEURONS[3:4], 1.0),
        "a": {"Neuron.SIMILAR.Neuron": [{**alike, "score": 0.5}]},
        "b": {"Neuron.SIMILAR.Neuron": [{**alike, "score": 0.25}, {**alike, "end": NEURONS[3], "score": 0.125}]},
        "c": {"Neuron.FEEDS.Neuron": [{**drives, "weight": 1.0}]},
        "d": {"Neuron.FEEDS.Neuron": [{**drives, "weight": 2.0}, {**drives, "through": "gate", "weight": 3.0}]},
    }
    return [bundle(root / "r", "r", shards)]


def told_otherwise(root: Path) -> list[Path]:
    """A shard's name under which another bundle of the run tells something else, and a shard that tells what it told
    first."""
    one = {"L009": decodings(NEURONS[:2], 1.0)}
    two = {"L009": decodings(NEURONS[2:3], 2.0), "L009-b": decodings(NEURONS[:1], 3.0)}
    return [bundle(root / "one", "r", one), bundle(root / "two", "r", two)]


def scored_again(root: Path) -> list[Path]:
    """Revisions are a person's: a score of a method stays as it was told first, whatever number it bears."""

    def told(value: float, revision: int) -> Rows:
        return {"Score": [{"id": "s", "scorer": "detection", "value": value, "revision": revision, "run": "r"}]}

    return [bundle(root / "r", "r", {"a": told(0.5, 1), "b": told(0.75, 2)})]


def empty_lists(root: Path) -> list[Path]:
    """Lists without anything in them, and nothing at all."""
    rows = decodings(NEURONS[:1], 1.0)
    rows["Stats"] = [
        {"id": "s", "kind": "weights", "run": "r", "histogram": [], "quantiles": [], "signs": []},
        {"id": "t", "kind": "weights", "run": "r", "histogram": [1], "quantiles": [0.5], "signs": [0.5]},
        {"id": "u", "kind": "weights", "run": "r"},
    ]
    rows["Excerpt"] = [{"id": "x", "tokens": []}, {"id": "y", "tokens": ["", ""]}]
    rows["Feature"] = [{"id": "f", "aliases": []}]
    rows["Finding"] = [{"id": "n", "evidence": []}]
    rows["Explanation"] = [{"id": "e", "kind": "text", "text": "", "embedding": [], "run": "r"}]
    fires = {"start": NEURONS[0], "end": "x", "pole": 1, "run": "r"}
    rows["Neuron.FIRES_ON.Excerpt"] = [fires]
    active = {"start": NEURONS[0], "end": "w", "pole": 1, "tokens": [], "run": "r"}
    rows["Neuron.ACTIVATES_ON.Term"] = [active]
    return [bundle(root / "r", "r", {"all": rows})]


def derived_backwards(root: Path) -> list[Path]:
    """Runs before those they were made from, and from one that is nowhere."""
    last = bundle(root / "b", "b", {"x": {"Feature": [{"id": "f"}]}}, derived_from=[f"{root.name}-a", "nowhere"])
    return [last, bundle(root / "a", "a", {"x": {"Feature": [{"id": "g"}]}})]


def linked(store: Store, models: Sequence[Path], root: Path) -> list[Path]:
    """What jobs make of a base and its fine-tune, the link last."""
    kb = KnowledgeBase(store, str(root))
    for folder in models:
        kb.lm_head.ingest(folder)
    kb.links.make("base", "tuned")
    return sorted((root / "bundles").iterdir(), key=lambda path: path.name.startswith("link"))


SHAPES: dict[str, Callable[[Path], list[Path]]] = {
    "every method": every_method,
    "overlapping shards": overlapping_shards,
    "two workers": two_workers,
    "shared nodes": shared_nodes,
    "equal files": equal_files,
    "given again": given_again,
    "texts and matrices": texts_and_matrices,
    "scored later": scored_later,
    "findings elsewhere": findings_elsewhere,
    "between neurons": between_neurons,
    "told otherwise": told_otherwise,
    "scored again": scored_again,
    "empty lists": empty_lists,
    "derived backwards": derived_backwards,
    **{
        " then ".join(order): partial(model_rows, order=order)
        for order in permutations(("verified", "unverified", "silent"))
    },
}
FEW = [name for name in SHAPES if " then " not in name] + ["verified then unverified then silent"]
"""One order of the models' rows stands for all."""


@pytest.mark.neo4j
@pytest.mark.parametrize("names", [FEW, pytest.param(list(SHAPES), marks=pytest.mark.long)], ids=["few", "all"])
def test_files_make_what_loading_makes(
    neo4j_store: Store, planted_models: tuple[Path, Path], tmp_path: Path, names: list[str]
) -> None:
    shapes = [linked(neo4j_store, planted_models, tmp_path / "kb")]
    shapes += [SHAPES[name](tmp_path / name.replace(" ", "-")) for name in names]
    bundles = [folder for shape in shapes for folder in shape]
    for shape in shapes:
        load_all(neo4j_store, [Bundle.open(folder) for folder in shape])
    expected = contents(neo4j_store, LEFT_OUT)
    with imported(import_files(bundles, tmp_path / "import", alongside=True)) as store:
        assert contents(store, LEFT_OUT) == expected
        # The import counts as loaded: the same bundles again change nothing.
        assert sum(report.total for report in load_all(store, [Bundle.open(folder) for folder in bundles])) == 0
        assert contents(store, LEFT_OUT) == expected


@pytest.mark.long
@pytest.mark.neo4j
def test_both_stores_load_them_alike(neo4j_store: Store, local_store: Store, tmp_path: Path) -> None:
    for name, make in SHAPES.items():
        folders = make(tmp_path / name.replace(" ", "-"))
        for store in (neo4j_store, local_store):
            load_all(store, [Bundle.open(folder) for folder in folders])
    assert contents(local_store) == contents(neo4j_store)


def test_a_damaged_bundle_leaves_nothing(planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    bundle = write_bundle(LmHeadJob.open(planted_models[0]), tmp_path / "bundle", silent)
    (tmp_path / "bundle" / "L001" / "Stats.parquet").write_bytes(b"")
    with pytest.raises(BundleError, match=r"L001/Stats\.parquet: checksum"):
        import_files([bundle.folder], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unfinished_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    writer = BundleWriter.open(folder, RunInfo("r", "lm-head", BASE, UNVERIFIED, None, {}))
    writer.write("L009", {name: rows_of(name, rows) for name, rows in decodings(NEURONS[:1], 1.0).items()})
    with pytest.raises(BundleError, match=r"r: the run is unfinished; run the job again"):
        import_files([folder], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_runs_of_a_job_are_refused_or_kept(tmp_path: Path) -> None:
    runs = {run: decodings(NEURONS[:1], 1.0, run) for run in ("r1", "r2")}
    bundles = [bundle(tmp_path / run, run, {"L009": rows}, job="lm-head") for run, rows in runs.items()]
    with pytest.raises(RunError, match=r"r1' and '.*r2' are both runs of the job lm-head on '.*--alongside"):
        import_files(bundles, tmp_path / "out")
    plan = import_files(bundles, tmp_path / "out", alongside=True)
    assert plan.counts["Neuron.DECODES_TO.Token"] == 2


def test_a_model_with_two_weights_is_refused(tmp_path: Path) -> None:
    shards = {"L009": decodings(NEURONS[:1], 1.0, "r1")}
    one = bundle(tmp_path / "r1", "r1", shards, weights="1" * 64)
    two = bundle(tmp_path / "r2", "r2", {"L009": decodings(NEURONS[:1], 1.0, "r2")}, weights="2" * 64)
    with pytest.raises(WeightsError, match=r"r2: '.*gemma-3-270m' with weights 22.*r1' was made on 11.*--name"):
        import_files([one, two], tmp_path / "out", alongside=True)
