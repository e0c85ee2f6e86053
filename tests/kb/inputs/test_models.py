"""A model of the store is found by its name, where its run says that it was; a folder that is gone is named."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from neuronkb.kb.inputs.evidence import StoredEvidence
from neuronkb.kb.inputs.models import located
from neuronkb.kb.stores.base import Store
from neuronkb.queries.catalogue.scope import check_scope
from neuronkb.schema import NODES, ModelError, QueryError, arrow_schema, conform


@pytest.fixture
def known(local_store: Store, tmp_path: Path) -> Store:
    """Two models: one of a folder that is there, one of a folder that is gone."""
    (tmp_path / "files").mkdir()
    runs = [
        ("lm-head-1", "lm-head", "base", {"source": str(tmp_path / "files")}, {"k": 3}),
        ("n2g-1", "n2g", "base", {}, {"seed": 7}),
        ("lm-head-2", "lm-head", "gone", {"source": str(tmp_path / "nowhere")}, {}),
        ("import-1", "import-explanations", "org/told", {}, {}),
    ]
    rows = [
        {"id": i, "job": j, "model": m, "summary": json.dumps(s), "parameters": json.dumps(p), "ended": "2026-01-01"}
        for i, j, m, s, p in runs
    ]
    for label, found in (("Model", [{"id": m} for m in ("base", "gone", "org/told")]), ("Run", rows)):
        node = NODES[label]
        local_store.merge_nodes(node, conform(node, pa.Table.from_pylist(found, arrow_schema(node))))
    return local_store


def test_a_stored_model_is_where_its_run_says(known: Store, tmp_path: Path) -> None:
    assert located(known, "base") == (str(tmp_path / "files"), "base")
    assert located(known, "base", "other") == (str(tmp_path / "files"), "other")
    assert located(known, "org/told") == ("org/told", "org/told")
    assert located(known, "org/strange") == ("org/strange", None)
    with pytest.raises(ModelError, match=r"'gone' was ingested from '.*nowhere', and that folder is gone"):
        located(known, "gone")


def test_a_folder_comes_before_a_name(known: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    assert located(known, "base") == ("base", None)
    assert located(known, Path("gone")) == (Path("gone"), None)


def test_why_an_answer_is_empty(known: Store) -> None:
    check_scope(known, "base", "lm-head-1", ("lm-head",))
    check_scope(known, None, None, ("lm-head",))
    with pytest.raises(QueryError, match="no model 'bas' in the store; did you mean base"):
        check_scope(known, "bas")
    with pytest.raises(QueryError, match="no run 'lm-head-3' in the store; did you mean lm-head-"):
        check_scope(known, None, "lm-head-3")
    with pytest.raises(QueryError, match="lm-head of 'org/told' is not in the store; neuronkb"):
        check_scope(known, "org/told", None, ("lm-head",))


class Named:
    """As much of a subject as is asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.architecture = type("Architecture", (), {"gated": True})()


def test_the_seed_of_the_graphs_is_known(known: Store) -> None:
    for name, seed in (("base", 7), ("gone", 0)):
        subject: object = Named(name)
        assert StoredEvidence(known, "unused", subject).divided == seed  # type: ignore[arg-type]
