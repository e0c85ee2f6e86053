"""Bundles through neo4j-admin make the database that loading them makes, bookkeeping and all."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.ingest.job import silent
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.kb.bulk import import_files
from neuronkb.kb.jobs import write
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.loader import load
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.schema import BundleError
from neuronkb.tests.graph import contents

from tests.neo4j_server import Server
from tests.neo4j_server import neo4j_server as running


@pytest.mark.neo4j
def test_the_real_tool_makes_what_the_loader_makes(
    neo4j_store: Store, neo4j_server: Server, planted_models: tuple[Path, Path], tmp_path: Path
) -> None:
    kb = KnowledgeBase(neo4j_store, str(tmp_path))
    for folder in planted_models:
        kb.ingest_lm_head(folder)
    kb.link("base", "tuned")
    bundles = sorted((tmp_path / "bundles").iterdir(), key=lambda path: path.name.startswith("link"))
    plan = import_files(bundles, tmp_path / "import")
    expected = contents(neo4j_store)
    with running(start=False) as server:
        server.import_files(plan)
        server.start()
        with Neo4jStore.open(server.uri, server.user, server.password) as store:
            store.setup()
            assert contents(store) == expected
            # The import counts as loaded: the same bundle again changes nothing.
            assert load(store, Bundle.open(bundles[0])).total == 0
            assert contents(store) == expected


def test_a_damaged_bundle_leaves_nothing(planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    bundle = write(LmHeadJob.open(planted_models[0]), tmp_path / "bundle", silent)
    (tmp_path / "bundle" / "L001" / "Stats.parquet").write_bytes(b"")
    with pytest.raises(BundleError, match=r"L001/Stats\.parquet: checksum"):
        import_files([bundle.folder], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_same_bundle_twice_is_refused(planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    bundle = write(LmHeadJob.open(planted_models[0]), tmp_path / "bundle", silent)
    with pytest.raises(BundleError, match=r"shard 'L000' of lm-head-.* name one"):
        import_files([bundle.folder, bundle.folder], tmp_path / "out")
