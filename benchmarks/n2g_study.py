"""Graphs of neurons drawn at random beside the 2023 script's, and beside lookups, on the same windows.

    python -m benchmarks.n2g_study run MODEL CORPUS FOLDER [--layers 1,4,7] [--neurons 36] [--paper 6]
    python -m benchmarks.n2g_study table FOLDER

CORPUS is a folder that `neuronkb` built or texts. A run that was killed goes on where it was; `table` may be asked at
any time. `run --split choose` judges other neurons on the documents that are set aside for choosing settings.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.n2g.evaluate import judge
from neuronkb.ingest.n2g.extract import status_of
from neuronkb.ingest.n2g.job import N2GJob
from neuronkb.ingest.n2g.passes import Passes
from neuronkb.ingest.n2g.settings import ALGORITHMS, Algorithm, Settings
from neuronkb.ingest.n2g.windows import Material, read, select
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.kb.cli.output import progress as bars

SEED = 20261126
REPORTED, CHOOSING = 36, 8
"""Neurons of a layer that are reported on at most, and others by which settings are chosen."""
RANDOM = 256
"""Random windows of each kind."""
TOGETHER = 3
"""Neurons of a layer that are built at once."""
DRAWS = 10_000
"""Resamplings of a bootstrap."""
OWN = {"neuronkb": "graph", "back-off": "backoff", "token": "token", "5-gram": "five_gram"}
RANDOMLY = {"neuronkb": "random", "back-off": "random_backoff", "token": "random_token"}
"""Names in a table, and what they are in a judgement."""

Row = dict[str, Any]


def main() -> None:
    """See above."""
    asked = _arguments()
    if asked.what == "run":
        run(asked)
    else:
        print("\n".join(table(asked.folder / f"{asked.split}-{asked.name}.jsonl")))


def run(asked: argparse.Namespace) -> None:
    """Judge graphs of drawn neurons; a line a side into FOLDER."""
    live = LiveModel.open(asked.model, dtype=asked.dtype, device="cpu")
    given = json.loads(asked.settings)
    settings = Settings.of({"dtype": asked.dtype, "random": RANDOM, **given})
    corpus = _corpus(asked, live)
    random = np.random.default_rng(SEED)
    drawn = {layer: random.choice(live.d_mlp, REPORTED + CHOOSING, replace=False).tolist() for layer in asked.layers}
    targets = [Target(layer, i, pole) for layer in drawn for i in sorted(drawn[layer]) for pole in (1, -1)]
    with bars() as progress:
        passes = Passes(live, corpus, targets, settings.batch, asked.folder)
        texts = live.subject.vocabulary.texts if live.subject else ()
        materials = read(passes, texts, select(passes, settings, progress), progress)
        by_neuron = defaultdict(list)
        for material in materials:
            by_neuron[material.target.layer, material.target.index].append(material)
        chunks = [chunk for chunk in _chunks(asked, drawn, by_neuron) if chunk[0] in asked.algorithms]
        for number, (algorithm, some) in enumerate(chunks):
            neurons = sorted({(material.target.layer, material.target.index) for material in some})
            job = N2GJob.open(live, corpus, neurons=neurons, settings=replace(settings, algorithm=algorithm))
            _judge(asked, job, some)
            progress("building graphs", number + 1, len(chunks))


def _chunks(
    asked: argparse.Namespace, drawn: dict[int, list[int]], by_neuron: dict[tuple[int, int], list[Material]]
) -> Iterator[tuple[Algorithm, list[Material]]]:
    """Sides that are built together, of one layer: in turns of a few neurons of every layer, so that what is there
    after any time is of all layers. First the stronger side of every neuron, and of some the script's way; then the
    weaker ones."""
    skipped = REPORTED if asked.split == "choose" else 0
    for side in range(asked.sides):
        for first in range(0, asked.neurons, TOGETHER):
            for layer, order in drawn.items():
                some = order[skipped : skipped + asked.neurons][first : first + TOGETHER]
                sides = [sorted(by_neuron[layer, i], key=lambda m: -m.maximum)[side] for i in some]
                yield "neuronkb", sides
                few = order[skipped : skipped + asked.paper]
                if not side:
                    yield "paper", [sides[some.index(i)] for i in some if i in few]


def _judge(asked: argparse.Namespace, job: N2GJob, materials: list[Material]) -> None:
    """Build and judge what is not in the file yet."""
    file = asked.folder / f"{asked.split}-{asked.name}.jsonl"
    algorithm = job.settings.algorithm
    there = {(row["algorithm"], *matched_model(row)) for row in rows(file)}
    left = [m for m in materials if (algorithm, m.target.layer, m.target.index, m.target.pole) not in there]
    if not left:
        return
    begin = time.process_time()
    graphs = job.build(left)
    spent = (time.process_time() - begin) / len(left)
    lines = []
    for graph, material in zip(graphs, left, strict=True):
        found = judge(graph, material, job.settings, asked.split)
        row = {"algorithm": algorithm, **asdict(material.target), "status": status_of(material, job.settings)}
        row |= {"nodes": len(graph), "seconds": spent, "judgement": asdict(found)}
        lines.append(json.dumps(row))
    # All of a chunk in one write: what was killed within one is made again.
    with file.open("a") as stream:
        stream.write("".join(line + "\n" for line in lines))
        stream.flush()
        os.fsync(stream.fileno())


def rows(file: Path) -> list[Row]:
    """What was judged, a side a row."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def matched_model(row: Row) -> tuple[int, int, int]:
    """Layer, index and pole."""
    return row["layer"], row["index"], row["pole"]


def _corpus(asked: argparse.Namespace, live: LiveModel) -> Corpus:
    """The corpus that is there, or one of the texts."""
    if Path(asked.corpus).is_dir():
        return Corpus.open(Path(asked.corpus))
    folder = asked.folder / "corpus"
    if not folder.exists():
        assert live.subject is not None
        Corpus.build(read_documents(Path(asked.corpus)), Tokenizer.open(live.subject.checkpoint.folder), folder)
    return Corpus.open(folder)


def table(file: Path) -> Iterator[str]:
    """Mean F1 by layer of all sides, then beside the script's way, then on random text; differences with intervals."""
    found = rows(file)
    mine = {matched_model(row): row for row in found if row["algorithm"] == "neuronkb"}
    theirs = {matched_model(row): row for row in found if row["algorithm"] == "paper"}
    for row in mine.values():
        row["f1"] = {name: row["judgement"][key]["f1"] for name, key in OWN.items()}
        row["random"] = {name: row["judgement"][key]["f1"] for name, key in RANDOMLY.items()}
    both = [mine[side] for side in theirs if side in mine]
    for row in both:
        judged = theirs[matched_model(row)]["judgement"]
        row["f1_both"] = {**row["f1"], "paper": judged["graph"]["f1"]}
        row["random_both"] = {**row["random"], "paper": judged["random"]["f1"]}
    yield from _statuses(list(mine.values()))
    yield from _compared("All sides, own windows", list(mine.values()), "f1")
    yield from _compared("All sides, random windows", list(mine.values()), "random")
    yield from _compared("Sides built both ways, own windows", both, "f1_both")
    yield from _compared("Sides built both ways, random windows", both, "random_both")


def _statuses(found: list[Row]) -> Iterator[str]:
    neurons = {matched_model(row)[:2] for row in found}
    yield f"{len(neurons)} neurons, {len(found)} sides"
    for status in sorted({row["status"] for row in found}):
        yield f"- {status}: {sum(row['status'] == status for row in found)}"
    yield f"- never fire in the test: {sum(row['judgement']['graph']['support'] == 0 for row in found)}"
    silent = [row for row in found if row["judgement"]["graph"]["predicted"] == 0 and row["status"] == "ok"]
    yield f"- never predict a firing: {len(silent)}"


def _compared(title: str, found: list[Row], key: str) -> Iterator[str]:
    """A table by layer, and neuronkb less each other with its 95 % interval, neurons drawn anew within layers."""
    tested = [row for row in found if row[key]["neuronkb"] is not None]
    if not tested:
        yield f"{title}: none"
        return
    names = list(tested[0][key])
    yield ""
    yield f"{title}: mean F1 of the {len(tested)} of {len(found)} sides that fire there"
    yield ""
    yield "| layer | neurons | sides | " + " | ".join(names) + " |"
    yield "|" + "---|" * (len(names) + 3)
    for layer in [*sorted({row["layer"] for row in tested}), None]:
        some = [row for row in tested if layer in (None, row["layer"])]
        means = [f"{np.mean([row[key][name] for row in some]):.3f}" for name in names]
        neurons = len({matched_model(row)[:2] for row in some})
        yield f"| {'all' if layer is None else layer} | {neurons} | {len(some)} | " + " | ".join(means) + " |"
    yield ""
    for name in names[1:]:
        low, high = interval([(matched_model(row)[:2], row[key]["neuronkb"] - row[key][name]) for row in tested])
        mean = np.mean([row[key]["neuronkb"] - row[key][name] for row in tested])
        yield f"- neuronkb less {name}: {mean:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}"


def interval(differences: Sequence[tuple[tuple[int, int], float]], draws: int = DRAWS) -> tuple[float, float]:
    """Of the mean over sides: neurons, with all their sides, are drawn again with replacement within each layer."""
    sums: dict[tuple[int, int], list[float]] = defaultdict(list)
    for neuron, difference in differences:
        sums[neuron].append(difference)
    random = np.random.default_rng(0)
    total, count = np.zeros(draws), np.zeros(draws)
    for layer in sorted({layer for layer, _ in sums}):
        of_neuron = [(sum(values), len(values)) for neuron, values in sorted(sums.items()) if neuron[0] == layer]
        drawn = np.array(of_neuron)[random.integers(len(of_neuron), size=(draws, len(of_neuron)))].sum(1)
        total, count = total + drawn[:, 0], count + drawn[:, 1]
    low, high = np.quantile(total / count, [0.025, 0.975])
    return float(low), float(high)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    make = what.add_parser("run")
    make.add_argument("model")
    make.add_argument("corpus")
    make.add_argument("folder", type=Path)
    make.add_argument(
        "--layers", type=lambda text: [int(part) for part in text.split(",")], default=[1, 4, 7, 10, 13, 16]
    )
    make.add_argument("--neurons", type=int, default=REPORTED, help="a layer")
    make.add_argument("--paper", type=int, default=6, help="of them, built the script's way too")
    make.add_argument("--sides", type=int, choices=(1, 2), default=2, help="of a neuron, the stronger first")
    make.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=ALGORITHMS)
    make.add_argument("--split", choices=("report", "choose"), default="report")
    make.add_argument("--settings", default="{}", help="JSON, as of neuronkb.ingest.n2g.settings")
    make.add_argument("--name", default="study", help="of the file of results")
    make.add_argument("--dtype", default="bfloat16")
    shown = what.add_parser("table")
    shown.add_argument("folder", type=Path)
    shown.add_argument("--name", default="study")
    shown.add_argument("--split", choices=("report", "choose"), default="report")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
