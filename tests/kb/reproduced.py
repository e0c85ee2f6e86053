"""Run every job in a folder of its own and print what each bundle holds: `python -m neuronkb.tests.kb.reproduced F`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.tests import every_job

METHODS = ("mean_difference", "f_statistic", "mutual_information", "l1", "random", "adaptive", "optimal")


def more(kb: KnowledgeBase, given: Path) -> None:
    """The ways that `every_job.run` leaves out."""
    model, tuned, texts = given / "base", given / "tuned", given / "texts.jsonl"
    probes = every_job.PROBES | {"methods": METHODS}
    kb.probes.ingest(model, features=[str(given / "months.jsonl")], settings=probes, alongside=True)
    graphs = every_job.GRAPHS | {"algorithm": "paper"}
    neurons = every_job.NEURONS[:1]
    kb.n2g.ingest(model, texts, neurons=neurons, windows=every_job.WINDOWS, settings=graphs, alongside=True)
    for by in ("vocabulary", "tokens", "activation"):
        asked = {"by": by, "k": 2, "device": "cpu"}
        kb.similar.match(model, tuned, corpus=[texts] if by == "activation" else (), settings=asked)
    kb.links.make("base", "tuned", corpus=[texts], positions=500)
    kb.explanations.import_(latents(given / "latents"), embed=False)


def latents(folder: Path) -> Path:
    """What is published of one latent: a sentence with a score, a token list, a window and statistics."""
    folder.mkdir()
    said = {"description": "dogs", "explanationModelName": "gpt", "typeName": "np_max-act"}
    score = {"value": 0.8, "explanationScoreTypeName": "eleuther_fuzz", "explanationScoreModelName": "gpt"}
    fired = {"tokens": [" a", " dog"], "values": [0.5, 4.0], "dataSource": "pile"}
    row = {"modelId": "gpt2-small", "layer": "6-res-jb", "index": 7, "maxActApprox": 4.0, "frac_nonzero": 0.01}
    row |= {"hookName": "blocks.6", "pos_str": [" dog"], "pos_values": [1.0]}
    row |= {"explanations": [said | {"scores": [score]}], "activations": [fired]}
    (folder / "feature.json").write_text(json.dumps(row))
    return folder


def holdings(folder: Path) -> dict[str, Any]:
    """Of every bundle what names it and the checksums of its files."""
    found = {}
    for path in sorted(folder.iterdir()):
        bundle = Bundle.open(path)
        entries = [entry for shard in bundle.shards.values() for entry in shard.files]
        # A finding is what a person wrote, and when: it was written twice.
        files = {entry.file: entry.sha256 for entry in entries if entry.table != "Finding"}
        named = {name: getattr(bundle.run, name) for name in ("job", "model", "weights", "tokenizer", "dataset")}
        found[bundle.run.id] = {
            "run": named,
            "parameters": bundle.run.parameters,
            "files": dict(sorted(files.items())),
        }
    return found


def written(folder: Path) -> list[str]:
    """`table.property` of everything that some row of some bundle has a value of."""
    found = set()
    for path in sorted(folder.iterdir()):
        bundle = Bundle.open(path)
        for entry in (entry for shard in bundle.shards.values() for entry in shard.files):
            rows = bundle.read(entry)
            found |= {f"{entry.table}.{name}" for name in rows.column_names if rows[name].null_count < len(rows)}
    return sorted(found)


def main(root: Path) -> None:
    """Everything from the models on, in a fresh store."""
    given = every_job.materials(root)
    with KnowledgeBase.open(root / "store", heap="512m") as kb:
        every_job.run(kb, given)
        more(kb, given)
        kb.findings.add("writes months", about=every_job.NAMES, author="ann")
        kb.findings.carry("base", "tuned")
        kb.words.agree("base")
    stop(root / "store")
    (root / "holdings.json").write_text(json.dumps(holdings(root / "store" / "bundles")))
    (root / "written.json").write_text(json.dumps(written(root / "store" / "bundles")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
