"""What others published: explanations, graphs, tables of probes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from neuronkb.ingest.explain.published.items import Format
from neuronkb.ingest.n2g.published import read_folder
from neuronkb.ingest.n2g.published_job import PublishedJob
from neuronkb.ingest.probes.published import read_published
from neuronkb.schema import digest

from tests.ingest.explain.published.reading import read
from tests.ingest.explain.published.test_documents import GOOD
from tests.ingest.n2g.test_published import DOT
from tests.ingest.probes.test_published import HEAD, LINE

from .mutate import of_cells, of_json, of_lines, plain
from .parser import Parser


def explanations(kind: Format, suffix: str, pack: bool = False) -> Parser:
    rows = GOOD[kind]
    text = b"\n".join(json.dumps(row).encode() for row in rows)
    name = f"3/7.{suffix}"
    data = gzip.compress(text) if pack else text
    mutate = plain if pack else of_lines
    return Parser(
        f"explanations of {kind}, {suffix}", {name: data}, lambda f: told(kind, [f / name]), mutate, share=0.5
    )


def told(kind: Format, paths: Sequence[Path]) -> object:
    """Read, with all that will be stored hashed as what names a run is."""
    found = read(kind, list(paths), model="m")
    texts = [[str(one.unit), one.text, [score.value for score in one.scores]] for one in found.explanations]
    windows = [[str(one.unit), one.tokens, one.values, one.band, one.corpus] for one in found.windows]
    statistics = [[str(one.unit), dict(one.facts)] for one in found.statistics]
    return digest({"texts": texts, "windows": windows, "statistics": statistics, "f": found.tally.notes})


def delphi() -> Parser:
    text = json.dumps("dogs and cats").encode()
    return Parser(
        "results of Delphi",
        {
            "run_config.json": b'{"model": "m", "sparse_model": "s", "explainer_model": "e"}',
            "explanations/layers.4_latent17.txt": text,
            "scores/detection/layers.4_latent17.txt": json.dumps(GOOD["delphi"][1]).encode(),
            "scores/simulation/layers.4_latent17.txt": json.dumps(GOOD["delphi"][2]).encode(),
        },
        lambda folder: told("delphi", [folder]),
        of_json,
        share=0.5,
    )


def graphs(folder: Path) -> object:
    """The folder as a run's tables."""
    job = PublishedJob(read_folder(folder), "toy")
    return [tables for _, tables in job.shards()]


def n2g() -> Parser:
    report = {"precision": 0.5, "recall": 0.5, "f1-score": 0.5, "support": 4}
    stats = {"1": {"2": {"correlation": 0.5, "1": report, "0": report}}}
    answer = {
        "data": {
            "graph": {
                "graph": [{"token": "a", "importance": 0.5}, {"token": "b", "importance": 0.4, "required": [0]}],
                "subgraph_indices": [0, 1],
            },
            "similar": [{"layer": 0, "neuron": 3, "similarity": 0.5}],
        }
    }
    return Parser(
        "folder of Neuron to Graph",
        {
            "neuron_store.json": b'{"activating": {"except": ["1_2"]}, "important": {">": ["1_2"]}}',
            "stats.json": json.dumps(stats).encode(),
            "1_2/graph": DOT.encode(),
            "1_3.json": json.dumps(answer).encode(),
        },
        graphs,
        {"neuron_store.json": of_json, "stats.json": of_json, "1_2/graph": plain, "1_3.json": of_json},
        share=0.5,
    )


def probes(folder: Path) -> object:
    found = read_published(folder / "t.csv")
    return digest({"rows": [[str(row.neuron), row.dataset, dict(row.scores)] for row in found.rows]})


def parsers() -> list[Parser]:
    table = f"{HEAD}\n{LINE}\n{LINE.replace(',17,', ',18,')}\n".encode()
    return [
        explanations("openai", "json"),
        explanations("openai", "jsonl"),
        explanations("neuronpedia", "jsonl"),
        explanations("neuronpedia", "jsonl.gz", pack=True),
        delphi(),
        n2g(),
        Parser("table of probes", {"t.csv": table}, probes, of_cells),
    ]
