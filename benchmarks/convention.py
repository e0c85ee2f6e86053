"""Which convention decodes to more coherent tokens, against shuffled rows.

    python -m benchmarks.convention MODEL [--layers 0,3,9,15,17] [--rows 256]

For each convention, layer and projection: the coherence of the top tokens of real rows and of shuffled ones, and
the share of real poles above the 99th percentile of the shuffled ones, once as it is and once with at least 8
different words among the ten tokens. Rows are shuffled in three ways:

    neurons   each column of the matrix among the neurons: what a dimension holds stays, its combination goes.
              Folding scales columns, so it is the same before and after, and favours neither convention.
    entries   the entries of each stored row, then the fold
    decoded   the entries of each row as it is decoded
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.lm_head.decode import Decoding, decode_rows
from neuronkb.ingest.lm_head.identity import ranked_tokens
from neuronkb.ingest.lm_head.settings import CONVENTIONS, Convention, Settings
from neuronkb.ingest.lm_head.tables import words_of
from neuronkb.ingest.lm_head.unembedding import Unembedding
from neuronkb.ingest.subject.layer_weights import LayerWeights, read_layer
from neuronkb.ingest.subject.subject import Subject

WORDS = 8


@dataclass(frozen=True)
class Coherence:
    """One convention on one projection of one layer, against one kind of shuffled rows."""

    null_kind: str
    convention: str
    layer: int
    projection: str
    real: float
    """mean coherence of the top tokens over rows and poles"""
    null: float
    """the same of shuffled rows"""
    above: float
    """share of real poles above the 99th percentile of the null"""
    above_words: float
    """the same, counting only poles of at least WORDS different words; the null's percentile is taken alike"""


def study(model: str, layers: list[int], n_rows: int, seed: int = 0) -> Iterator[Coherence]:
    """Every convention, layer and projection in turn."""
    subject = Subject.open(model)
    vocabulary = subject.vocabulary
    settings = Settings(statistics=False)
    unembedding = Unembedding.read(
        subject.checkpoint,
        subject.architecture.unembedding,
        ranked_tokens(vocabulary, settings),
        words_of(vocabulary),
    )
    for layer in layers:
        weights = sample(read_layer(subject.checkpoint, subject.architecture, layer), n_rows, seed)
        for projection in weights.rows:
            for convention in CONVENTIONS:
                yield from compare(weights, projection, convention, unembedding, seed + 1)


def compare(
    weights: LayerWeights, projection: str, convention: Convention, unembedding: Unembedding, seed: int
) -> Iterator[Coherence]:
    """Real rows against each kind of shuffled ones."""
    settings = Settings(statistics=False, convention=convention)
    rows = decoded_rows(weights, projection, convention)
    mixed = replace(weights, rows={projection: shuffled(weights.rows[projection], 1, seed)})
    nulls = {
        "neurons": shuffled(rows, 0, seed),
        "entries": decoded_rows(mixed, projection, convention),
        "decoded": shuffled(rows, 1, seed),
    }
    real = decode_rows(rows, unembedding, settings)
    for kind, null in nulls.items():
        luck = decode_rows(null, unembedding, settings)
        yield Coherence(
            kind,
            convention,
            weights.layer,
            projection,
            float(real.coherence.mean()),
            float(luck.coherence.mean()),
            float((real.coherence > luck.coherence.quantile(0.99)).double().mean()),
            float((_worded(real) > _worded(luck).quantile(0.99)).double().mean()),
        )


def _worded(decoding: Decoding) -> torch.Tensor:
    """Coherence, but -1 where a few words in several spellings make it up."""
    return torch.where(decoding.distinct >= WORDS, decoding.coherence, -1.0)


def sample(weights: LayerWeights, n_rows: int, seed: int) -> LayerWeights:
    """The same random neurons of every projection."""
    order = torch.randperm(len(weights.rows["up"]), generator=torch.Generator().manual_seed(seed))[:n_rows]
    return replace(weights, rows={name: rows[order] for name, rows in weights.rows.items()})


def shuffled(rows: torch.Tensor, axis: int, seed: int) -> torch.Tensor:
    """Entries in a random order along an axis, another order for every line of them."""
    order = torch.rand(rows.shape, generator=torch.Generator().manual_seed(seed)).argsort(dim=axis)
    return rows.gather(axis, order)


def main() -> None:
    """Print a line a case, then the means, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--layers", default="0,3,9,15,17")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--out", type=Path, default=Path("build/convention.json"))
    given = parser.parse_args()
    found = []
    print("null    layer proj  convention    real    null  excess   >q99  >q99 with words", flush=True)
    for one in study(given.model, [int(layer) for layer in given.layers.split(",")], given.rows):
        found.append(one)
        print(f"{one.null_kind:7} {one.layer:5} {one.projection:5} {one.convention:10} {_line(one)}", flush=True)
    for kind in dict.fromkeys(one.null_kind for one in found):
        for convention in CONVENTIONS:
            for projection in (*dict.fromkeys(one.projection for one in found), "all"):
                cases = [c for c in found if (c.null_kind, c.convention) == (kind, convention)]
                cases = [c for c in cases if projection in (c.projection, "all")]
                print(f"{kind:7}  mean {projection:5} {convention:10} {_mean(cases)}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps([asdict(one) for one in found], indent=1))


def _line(one: Coherence) -> str:
    excess = one.real - one.null
    return f"{one.real:7.4f} {one.null:7.4f} {excess:7.4f} {one.above:6.1%} {one.above_words:6.1%}"


def _mean(cases: list[Coherence]) -> str:
    n = len(cases)
    names = ("real", "null", "above", "above_words")
    return _line(replace(cases[0], **{name: sum(getattr(c, name) for c in cases) / n for name in names}))


if __name__ == "__main__":
    main()
