"""Make tests/data/versions/N/store.tar.xz: a store, its bundles and what the jobs read, by the code of version N.

    git worktree add /tmp/old COMMIT
    cp tests/every_job.py /tmp/old/tests/  # where that version's knowledge base has the same methods, else its own
    mkdir -p /tmp/old/build/names && ln -sfn ../.. /tmp/old/build/names/neuronkb
    PYTHONPATH=/tmp/old/build/names python tests/data/versions/make.py tests/data/versions/N/store.tar.xz

Version 1 was made by commit 49e149c. The archive holds `given/` (models and texts), `store/` (the graph, stopped, its
bundles and corpora) and `answers.json`: what every query of that version's catalogue answered.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.queries import catalogue
from neuronkb.schema import NeuronKBError
from neuronkb.tests import every_job

KEPT = ("store/databases", "store/bundles", "store/corpora", "given", "answers.json")
ASKED: dict[str, Any] = {
    "model": "base",
    "base": "base",
    "tuned": "tuned",
    "neuron": every_job.NAMES[0],
    "neurons": every_job.NAMES,
    "word": "january",
    "words": ["january", "june"],
    "token": " january",
    "feature": "has_month",
    "layer": 1,
    "pole": 1,
}
"""What parameters of the queries are given, by name; a query that needs others is not asked."""


def answers(kb: KnowledgeBase) -> dict[str, Any]:
    """Parameters, columns and rows of every query that can be asked."""
    found = {}
    for name, query in catalogue().items():
        params = {one.name: ASKED[one.name] for one in query.parameters if one.name in ASKED and one.required}
        try:
            told = query.run(kb.db, **params)
        except NeuronKBError:
            continue
        found[name] = {"params": params, "columns": list(told.columns), "rows": [list(row) for row in told.rows]}
    return found


def main(archive: Path) -> None:
    """Run every job and pack what it made."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        (root / "given").mkdir()
        given = every_job.materials(root / "given")
        with KnowledgeBase.open(root / "store", heap="512m") as kb:
            every_job.run(kb, given)
            every_job.by_hand(kb, given)
            (root / "answers.json").write_text(json.dumps(answers(kb)))
        stop(root / "store")
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "w:xz") as packed:
            for name in KEPT:
                packed.add(root / name, name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
