"""Published tables into each store: every row accounted for, the same twice, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.progress import silent
from neuronkb.kb.jobs.import_probes import csv_files
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.kb.stores.base import Store
from neuronkb.queries import query
from neuronkb.schema import PublishedError, QueryError, RunError

from tests.graph import checksum
from tests.probed import MODEL, ProbedJob

PYTHIA = "EleutherAI/pythia-70m-v0"
HEAD = "model,dataset,feature,layer,neuron,test_mcc,test_f1_score,test_precision,test_recall,coef\n"
LANGUAGES = "natural_lang_id.pyth.512.-1"
ROWS = (
    f"pythia-70m,{LANGUAGES},fr,3,609,0.9,0.95,0.96,0.94,5.5\n"
    f"pythia-70m,{LANGUAGES},de,3,343,0.8,0.85,0.9,0.8,-4\n"
    f"pythia-410m,{LANGUAGES},fr,7,4095,1.0,1.0,1.0,1.0,2\n"
)
PUBLISHED = Path(__file__).parents[4] / "shared" / "data"


def write(folder: Path, text: str, name: str = "neurons.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture
def kb(store: Store, tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase(store, str(tmp_path / "store"))


def test_a_table_becomes_neurons_that_detect_features(kb: KnowledgeBase, tmp_path: Path) -> None:
    report = kb.probes.import_(write(tmp_path, HEAD + ROWS))
    (table,) = report.tables
    assert (table.rows, table.imported, table.skipped) == (3, 3, {})
    assert table.models == ("EleutherAI/pythia-410m-v0", PYTHIA)
    assert len(report.loads) == 2
    assert sum(load.created["Neuron.DETECTS.Feature"] for load in report.loads) == 3
    first, second = kb.probes.find("is_french").detections
    assert (first.neuron, first.f1) == ("EleutherAI/pythia-410m-v0/L7/N4095", 1.0)
    assert (second.neuron, second.f1, second.mcc, second.precision, second.recall, second.coef) == (
        f"{PYTHIA}/L3/N609",
        0.95,
        0.9,
        0.96,
        0.94,
        5.5,
    )
    assert (second.imported, second.split, second.method) == (True, "ungrouped 70/30, seed 42", "logistic")
    nodes = kb.store.status().nodes
    assert (nodes["Model"], nodes["Neuron"], nodes["Feature"], nodes["Run"]) == (2, 3, 2, 2)
    rows = kb.cypher("MATCH (f:Feature)-[:NAMED]->(w:Term) RETURN f.id, f.aliases, f.category, w.id ORDER BY f.id").rows
    assert rows == [
        (f"{LANGUAGES}/de", ["german", "de"], "natural_language", "german"),
        (f"{LANGUAGES}/fr", ["french", "fr"], "natural_language", "french"),
    ]
    assert {(row["weights"], row["layers"], row["d_mlp"]) for row in kb.models.list().dicts()} == {
        ("unverified", 6, 2048),
        ("unverified", 24, 4096),
    }


def test_the_same_again_changes_nothing(kb: KnowledgeBase, tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + ROWS)
    kb.probes.import_(path)
    before = checksum(kb.db)
    assert kb.probes.import_([path, path]).total == 0
    assert checksum(kb.db) == before


def test_another_table_of_the_model_stands_beside_it_and_the_same_numbers_are_one_row(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    kb.probes.import_([write(tmp_path, HEAD + ROWS), write(tmp_path, HEAD + ROWS.splitlines()[0], "best.csv")])
    (found,) = kb.probes.find("fr", model=PYTHIA).detections
    assert len(found.runs) == 2
    assert len({(each.layer, each.run) for each in kb.probes.show("fr", model=PYTHIA).layers}) == 2


def test_a_changed_table_of_the_same_name_needs_a_decision(kb: KnowledgeBase, tmp_path: Path) -> None:
    one = f"pythia-70m,{LANGUAGES},fr,3,609,0.9,0.95,0.96,0.94,5.5\n"
    kb.probes.import_(write(tmp_path, HEAD + one))
    changed = write(tmp_path, HEAD + one.replace("0.95", "0.94"))
    with pytest.raises(RunError, match=r"--replace.*--alongside"):
        kb.probes.import_(changed)
    kb.probes.import_(changed, replace=True)
    (found,) = kb.probes.find("fr").detections
    assert found.f1 == 0.94
    kb.probes.import_(write(tmp_path, HEAD + one), alongside=True)
    assert [each.f1 for each in kb.probes.find("fr").detections] == [0.95, 0.94]


def test_evidence_of_a_model_of_unknown_size_can_be_taken_away(kb: KnowledgeBase, tmp_path: Path) -> None:
    kb.probes.import_(write(tmp_path, HEAD + f"stranger,{LANGUAGES},fr,99,7,0.9,0.95,0.96,0.94,5.5\n"))
    (found,) = kb.probes.find("fr").detections
    assert found.neuron == "stranger/L99/N7"
    assert kb.card("stranger/L99/N7").place == "layer 99, neuron 7"
    with pytest.raises(QueryError, match="only what was imported of stranger"):
        kb.card("stranger/L99/N8")
    kb.probes.import_(write(tmp_path, HEAD + f"stranger,{LANGUAGES},fr,99,8,0.9,0.9,0.96,0.94,5.5\n"), replace=True)
    assert [each.neuron for each in kb.probes.find("fr").detections] == ["stranger/L99/N8"]


def test_an_import_keeps_what_is_known_of_a_model(kb: KnowledgeBase, tmp_path: Path) -> None:
    write_and_load(ProbedJob(), kb.db, tmp_path / "probes", clash="refuse", progress=silent)
    kb.probes.import_(
        write(tmp_path, HEAD + ROWS.splitlines()[0].replace("609", "1").replace(",3,", ",1,")), model=MODEL
    )
    (model,) = kb.models.list().dicts()
    assert (model["weights"], model["layers"], model["d_mlp"]) == ("f" * 64, 2, 4)
    assert kb.card("m/L1/N1").detects[0].imported
    too_far = write(tmp_path / "far", HEAD + f"m,{LANGUAGES},fr,1,4,0.9,0.95,0.96,0.94,5.5\n")
    with pytest.raises(PublishedError, match=r"neurons\.csv:2: neuron 4, and m has neurons 0 to 3"):
        kb.probes.import_(too_far)


def test_an_import_does_not_stand_in_the_way_of_the_model_itself(kb: KnowledgeBase, tmp_path: Path) -> None:
    kb.probes.import_(
        write(tmp_path, HEAD + ROWS.splitlines()[0].replace("609", "1").replace(",3,", ",1,")), model=MODEL
    )
    assert kb.models.list().dicts()[0]["weights"] == "unverified"
    write_and_load(ProbedJob(), kb.db, tmp_path / "probes", clash="refuse", progress=silent)
    assert kb.models.list().dicts()[0]["weights"] == "f" * 64


def test_what_is_no_probe_is_counted_and_nothing_at_all_is_an_error(kb: KnowledgeBase, tmp_path: Path) -> None:
    good, bad = write(tmp_path, HEAD + ROWS), write(tmp_path, "layer,neuron,percentile\n1,2,3\n4,5,6\n", "bias.csv")
    report = kb.probes.import_([tmp_path])
    assert [Path(each.file).name for each in report.tables] == ["bias.csv", good.name]
    (skipped,) = report.tables[0].skipped.items()
    assert skipped[1] == 2
    assert "no score of a probe" in skipped[0]
    assert report.tables[0].ignored == ("percentile",)
    with pytest.raises(PublishedError, match=r"nothing to import: .*bias\.csv: no score of a probe"):
        kb.probes.import_(bad)


def test_nothing_is_written_when_one_file_is_damaged(kb: KnowledgeBase, tmp_path: Path) -> None:
    write(tmp_path, HEAD + ROWS)
    write(tmp_path, HEAD + ROWS.replace("0.95", "high"), "later.csv")
    with pytest.raises(PublishedError, match=r"later\.csv:2: test_f1_score is 'high', expected a number"):
        kb.probes.import_(tmp_path)
    assert "Run" not in kb.store.status().nodes


def test_one_model_for_tables_of_several_is_refused(kb: KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match="the tables have pythia-410m, pythia-70m"):
        kb.probes.import_(write(tmp_path, HEAD + ROWS), model="mine")


def test_files_and_folders(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a", "x"), write(tmp_path / "b" / "c", "x")
    assert csv_files([tmp_path, one, two]) == [one, two]
    (tmp_path / "empty").mkdir()
    with pytest.raises(PublishedError, match=r"no \.csv file in this folder"):
        csv_files([tmp_path / "empty"])


@pytest.mark.long("neo4j")
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published tables (shared/data) are not here")
def test_every_row_of_the_published_tables(kb: KnowledgeBase) -> None:
    paths = sorted((PUBLISHED / "sparse_probing").rglob("*.csv"))
    lines = {str(path): len(path.read_text().strip().splitlines()) - 1 for path in paths}
    report = kb.probes.import_(paths)
    assert {each.file: each.rows for each in report.tables} == lines
    for each in report.tables:
        assert each.rows == each.imported + sum(each.skipped.values())
        assert (each.imported == 0) == (Path(each.file).name == "biasxnorm_p20_50_80.csv")
    imported = sum(each.imported for each in report.tables)
    assert kb.store.status().relationships["DETECTS"] == imported == 2346
    small = [each.neuron for each in kb.probes.find("is_french", least=0.9, model=PYTHIA, top=99).detections]
    assert {f"{PYTHIA}/L3/N609", f"{PYTHIA}/L5/N751", f"{PYTHIA}/L5/N670"} <= set(small)
    assert len(small) == len(set(small))
    french = query("detectors_of_word").run(kb.db, word="french", least=0.9).dicts()
    assert {row["model"] for row in french} == {f"EleutherAI/pythia-{size}-v0" for size in ("70m", "410m", "2.8b")}
    prime = kb.probes.show("prime-factors", model=PYTHIA).layers
    assert max(each.mcc or 0 for each in prime) == pytest.approx(0.998657327028896)
    assert kb.probes.import_(paths).total == 0


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published tables (shared/data) are not here")
def test_tables_of_universal_neurons_are_named_and_not_imported(kb: KnowledgeBase) -> None:
    with pytest.raises(PublishedError, match=r"and 2 more: no score of a probe"):
        kb.probes.import_(PUBLISHED / "universal_neurons")
