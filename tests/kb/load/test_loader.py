"""Loading is idempotent and resumable, and runs that clash are refused, replaced or kept side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from neuronkb.ingest.bundle import Bundle, BundleWriter
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.progress import silent
from neuronkb.kb.load.loader import load
from neuronkb.kb.load.runs import _both, beside, remove, remove_run, settle
from neuronkb.kb.load.write import write_and_load, write_bundle
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.rows import first_of_each, missing_rows
from neuronkb.schema import QueryError, RunError, SchemaError, WeightsError, table
from neuronkb.schema.compute import pc
from neuronkb.tests.graph import checksum, contents

Planted = tuple[Path, Path]


@pytest.fixture(scope="module")
def bundles(planted_models: Planted, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """The base decoded raw and folded, and the fine-tune decoded raw."""
    root = tmp_path_factory.mktemp("bundles")
    base, tuned = planted_models
    jobs = {
        "base": LmHeadJob.open(base),
        "folded": LmHeadJob.open(base, settings={"convention": "folded"}),
        "tuned": LmHeadJob.open(tuned),
    }
    return {name: write_bundle(job, root / name, silent) for name, job in jobs.items()}


def test_every_row_arrives_once(store: Store, bundles: dict[str, Bundle]) -> None:
    report = load(store, bundles["base"])
    assert report.created == bundles["base"].run.counts
    held, before = checksum(store)
    assert held["DECODES_TO"] == bundles["base"].run.counts["Neuron.DECODES_TO.Token"]
    again = load(store, bundles["base"])
    assert again.total == 0
    assert again.known == bundles["base"].run.counts
    assert checksum(store) == (held, before)


def test_rows_are_those_of_the_bundle(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    expected = [
        (row["start"], row["end"], row["projection"], row["pole"], row["rank"], row["logit"], row["z"])
        for rows in bundles["base"].tables("Neuron.DECODES_TO.Token")
        for row in rows.to_pylist()
    ]
    found = store.read(
        "MATCH (n:Neuron)-[d:DECODES_TO]->(t:Token) RETURN n.id, t.id, d.projection, d.pole, d.rank, d.logit, d.z",
        timeout=None,
        limit=None,
    )
    assert sorted(found.rows) == sorted(expected)


def test_a_matrix_stays_in_its_bundle(store: Store, bundles: dict[str, Bundle], tmp_path: Path) -> None:
    matrix = pa.table(
        {
            "layer": [0],
            "token": ["t/T1"],
            "n": [3],
            **{name: pa.array([[1.0, 2.5]], pa.list_(pa.float32())) for name in ("mean", "min", "max")},
        }
    )
    writer = BundleWriter.open(tmp_path / "bundle", bundles["base"].run)
    writer.write("L000", {"TokenActivations": matrix})
    writer.finish()
    bundle = Bundle.open(tmp_path / "bundle")
    assert bundle.check() == []
    assert next(bundle.tables("TokenActivations")).column("max").to_pylist() == [[1.0, 2.5]]
    assert load(store, bundle).created == {}


def test_a_shared_vocabulary_is_not_loaded_twice(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    report = load(store, bundles["tuned"])
    assert report.created["Token"] == 0
    assert report.created["Neuron"] == bundles["tuned"].run.counts["Neuron"]


class Stop(Exception):
    """Where a test cuts a load off."""


def stopping_after(calls: int) -> Callable[[str, int, int], None]:
    left = [calls]

    def progress(step: str, done: int, total: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stop

    return progress


@pytest.mark.parametrize("calls", [0, 6, 14])
def test_a_load_that_was_cut_off_goes_on(store: Store, bundles: dict[str, Bundle], calls: int) -> None:
    with pytest.raises(Stop):
        load(store, bundles["base"], stopping_after(calls))
    load(store, bundles["base"])
    resumed = contents(store)
    remove(store, bundles["base"].run.id)
    assert not any(name in contents(store) for name in ("DECODES_TO", "Stats", "Run", "Shard"))
    load(store, bundles["base"])
    assert contents(store) == resumed


def test_a_half_written_file_is_completed_not_doubled(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    whole = contents(store)
    store.write("MATCH (n:Neuron)-[d:DECODES_TO {rank: 3}]->() DELETE d")
    store.write("MATCH (s:Stats {projection: 'up'}) DETACH DELETE s")
    store.write("MATCH (s:Shard) SET s.state = 'started'")
    assert contents(store) != whole
    load(store, bundles["base"])
    assert contents(store) == whole


def test_another_run_is_refused_replaced_or_kept(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    raw = contents(store)
    with pytest.raises(
        RunError, match=r'convention "raw" there, "folded" here.*--replace takes its \d[\d,]+ rows.*--alongside'
    ):
        settle(store, bundles["folded"].run)
    settle(store, bundles["base"].run)
    settle(store, bundles["tuned"].run)
    settle(store, bundles["folded"].run, "alongside")
    load(store, bundles["folded"])
    assert len(contents(store)["DECODES_TO"]) == 2 * len(raw["DECODES_TO"])
    assert settle(store, bundles["base"].run, "replace") == (bundles["folded"].run.id,)
    assert len(contents(store)["DECODES_TO"]) == 2 * len(raw["DECODES_TO"])
    report = load(store, bundles["base"], clash="replace")
    gone = {name: rows for name, rows in bundles["folded"].run.counts.items() if table(name).evidence}
    assert report.deleted == {bundles["folded"].run.id: sum(gone.values())}
    assert contents(store)["DECODES_TO"] == raw["DECODES_TO"]
    assert contents(store)["Stats"] == raw["Stats"]
    assert len(contents(store)["Run"]) == 1


def test_a_run_over_another_text_stands_beside(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    run = bundles["base"].run
    store.write(
        "MATCH (r:Run {id: $run}) SET r.job = 'activations', r.parameters = $said",
        {"run": run.id, "said": json.dumps({"corpus": "one", "k": 3})},
    )
    other = replace(run, id="activations-other", job="activations", parameters={"corpus": "two", "k": 4})
    assert settle(store, other) == ()
    assert settle(store, other, "replace") == ()
    assert beside(store, other) == (run.id,)
    with pytest.raises(RunError, match=r"k 3 there, 4 here"):
        settle(store, replace(other, parameters={"corpus": "one", "k": 4}))


def test_a_run_that_is_named_is_taken_away_and_may_come_again(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    held = contents(store)
    with pytest.raises(QueryError, match=rf"no run 'lm-head-x' in the store.*{bundles['base'].run.id}"):
        remove_run(store, "lm-head-x", silent)
    assert remove_run(store, bundles["base"].run.id, silent) == {}
    assert "DECODES_TO" not in contents(store)
    load(store, bundles["base"])
    assert contents(store) == held


@pytest.mark.parametrize(
    ("there", "here", "said"),
    [
        (3, 4, "k 3 there, 4 here"),
        ("a" * 30 + "bc", "a" * 30 + "bd", 'k ...aaabc" there, ...aaabd" here'),
        ("a" * 30, None, 'k "aaaaaaaaaaaaaaaa... there, null here'),
    ],
)
def test_values_that_differ_are_shown_where_they_do(there: object, here: object, said: str) -> None:
    assert _both("k", there, here) == said


def test_other_weights_under_the_same_name_are_refused(store: Store, bundles: dict[str, Bundle]) -> None:
    load(store, bundles["base"])
    other = replace(bundles["base"].run, id="lm-head-other", weights="f" * 64)
    with pytest.raises(WeightsError, match=r"--name"):
        settle(store, other)
    settle(store, replace(other, id=bundles["base"].run.id, weights="unverified"))


def test_layers_asked_for_later_extend_the_run(store: Store, planted_models: Planted, tmp_path: Path) -> None:
    base, _ = planted_models
    one = write_and_load(LmHeadJob.open(base, layers=[1]), store, tmp_path / "b", clash="refuse", progress=silent)
    two = write_and_load(LmHeadJob.open(base, layers=[0]), store, tmp_path / "b", clash="refuse", progress=silent)
    assert one.run == two.run
    assert two.created["Neuron"] == one.created["Neuron"]
    assert sorted(Bundle.open(tmp_path / "b").shards) == ["L000", "L001", "vocabulary"]
    assert Bundle.open(tmp_path / "b").run.summary["sides"] == 2 * 3 * 48


def test_shards_that_tell_of_one_neuron_are_not_doubled(
    store: Store, bundles: dict[str, Bundle], tmp_path: Path
) -> None:
    """As when some of a layer's neurons were asked for first and the whole layer later."""
    base = bundles["base"]
    load(store, base)
    held = checksum(store)
    remove(store, base.run.id)
    whole = {entry.table: base.read(entry) for entry in base.shards["L000"].files}
    ids = whole["Neuron"].column("id").to_pylist()[:5]
    own = {"Neuron": "id", "Neuron.IN_MODEL.Model": "start", "Neuron.DECODES_TO.Token": "start"}
    some = {name: whole[name].filter(pc.is_in(whole[name].column(key), pa.array(ids))) for name, key in own.items()}
    writer = BundleWriter.open(tmp_path / "b", base.run)
    writer.write("vocabulary", {entry.table: base.read(entry) for entry in base.shards["vocabulary"].files})
    writer.write("L000-some", some)
    writer.write("L000", whole)
    writer.write("L001", {entry.table: base.read(entry) for entry in base.shards["L001"].files})
    writer.finish()
    report = load(store, Bundle.open(tmp_path / "b"))
    assert report.known["Neuron.DECODES_TO.Token"] == some["Neuron.DECODES_TO.Token"].num_rows > 0
    assert checksum(store)[0]["DECODES_TO"] == held[0]["DECODES_TO"]


def test_a_relationship_without_its_nodes_is_an_error(store: Store, bundles: dict[str, Bundle], tmp_path: Path) -> None:
    writer = BundleWriter.open(tmp_path / "b", replace(bundles["base"].run, id="lm-head-lone"))
    (rows, *_) = bundles["base"].tables("Neuron.DECODES_TO.Token")
    place = rows.schema.get_field_index("run")
    rows = rows.set_column(place, rows.schema.field(place), pa.array(["lm-head-lone"] * rows.num_rows))
    writer.write("L000", {"Neuron.DECODES_TO.Token": rows})
    writer.finish()
    with pytest.raises(SchemaError, match=r"Neuron\.DECODES_TO\.Token: .*load the (Neuron|Token)"):
        load(store, Bundle.open(tmp_path / "b"))
    assert contents(store) == {}


def test_first_of_each_and_missing_rows_by_hand() -> None:
    rows = pa.table({"start": ["a", "a", "b", "a"], "end": ["x", "x", "x", "y"], "run": ["r"] * 4, "z": [1, 2, 3, 4]})
    key = ["start", "end", "run"]
    assert first_of_each(rows, key)["z"].to_pylist() == [1, 3, 4]
    known = pa.table({"start": ["b"], "end": ["x"], "run": ["r"]})
    assert missing_rows(rows, known, key)["z"].to_pylist() == [1, 2, 4]
