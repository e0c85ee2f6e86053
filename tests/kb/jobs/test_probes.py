"""How probing is opened: what names a run, and which labelled texts are meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.kb.jobs.probes import probes_job
from neuronkb.kb.place import Place
from neuronkb.kb.session import Session
from neuronkb.kb.stores.base import Store

from tests.ingest.probes import planted

SETTINGS = {"methods": ("mean_difference",), "dtype": "float32", "points": 200}


@pytest.fixture
def session(local_store: Store, tmp_path: Path) -> Session:
    """A store that has labelled texts, and nothing else."""
    session = Session(Place(str(tmp_path / "store")), lambda: local_store)
    session.place.features.mkdir(parents=True)
    planted.texts().write(session.place.features / "kinds.jsonl")
    return session


def test_numbers_of_neurons_count_once_whatever_their_order(session: Session, tmp_path: Path) -> None:
    model = planted.model(tmp_path / "tiny")
    one, other = (
        probes_job(session, model, ["is_weekday,is_month"], None, None, {**SETTINGS, "ks": ks})
        for ks in ((1, 2), (2, 1, 2))
    )
    assert one.settings.ks == other.settings.ks == (1, 2)
    assert one.run.id == other.run.id
    assert [feature.name for asked in one.asked for feature in asked.labelled.features] == ["is_weekday", "is_month"]
