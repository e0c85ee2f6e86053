"""Which evidence the store holds, by run, and its rows: from the run's bundle where it lies here, else asked for."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa

from ...ingest.bundle import Bundle
from ...queries import query
from ...queries.catalogue.evidence import MAKERS
from ...queries.catalogue.query import Reader
from ...schema import BundleError, VersionError

Kind = Literal["decoded", "fires", "graph", "explanation", "feature"]
"""Evidence that has a meaning of its own: a neuron side's decoded tokens, the tokens a neuron fires on over a corpus,
the words of its N2G graph, what is written of it, the name of a feature that it detects."""
KINDS: tuple[Kind, ...] = get_args(Kind)

TABLES: dict[Kind, tuple[str, ...]] = {
    "decoded": ("Neuron.DECODES_TO.Token",),
    "fires": ("Neuron.FIRES_ON_TOKEN.Token",),
    "graph": ("Neuron.ACTIVATES_ON.Term", "Neuron.HAS_CONTEXT.Term"),
    "explanation": ("Explanation", "Neuron.EXPLAINED_BY.Explanation", "Latent.EXPLAINED_BY.Explanation"),
    "feature": ("Feature",),
}
_LAYER = {
    "Neuron.DECODES_TO.Token": "layer_decoded",
    "Neuron.FIRES_ON_TOKEN.Token": "layer_fires",
    "Neuron.ACTIVATES_ON.Term": "layer_activates",
    "Neuron.HAS_CONTEXT.Term": "layer_contexts",
}
_RUN = {
    "Explanation": "explanation_texts",
    "Neuron.EXPLAINED_BY.Explanation": "explained_neurons",
    "Latent.EXPLAINED_BY.Explanation": "explained_latents",
}
TOKENS = 10_000
"""Tokens asked for in one query."""


@dataclass(frozen=True)
class Source:
    """One run's evidence of one kind, as the store holds it."""

    kind: Kind
    run: str
    model: str
    shards: dict[str, dict[str, str]] = field(compare=False)
    """By table: the checksum of each shard's file."""
    count: int = field(compare=False)
    """Rows of its first table."""

    @property
    def state(self) -> str:
        """Changes when any of the evidence does."""
        whole = hashlib.sha256(self.model.encode())
        for table in TABLES[self.kind]:
            for shard, checksum in sorted(self.shards.get(table, {}).items()):
                whole.update(f"\0{table}\0{shard}\0{checksum}".encode())
        return whole.hexdigest()[:16]


def sources(reader: Reader) -> list[Source]:
    """What the store holds that can be searched, by run and kind."""
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    counts: dict[tuple[str, str], int] = defaultdict(int)
    models: dict[str, str] = {}
    for run, model, name, checksum, rows in query("evidence_shards").run(reader):
        table, _, shard = name.removeprefix(f"{run}/").partition("/")
        found[run][table][shard] = checksum
        counts[run, table] += rows or 0
        models[run] = model or ""
    return [
        Source(kind, run, models[run], {table: dict(s) for table, s in held.items()}, counts[run, TABLES[kind][0]])
        for run, held in found.items()
        for kind in KINDS
        if TABLES[kind][0] in held or (kind == "graph" and TABLES[kind][1] in held)
    ]


class Evidence:
    """Reads the rows of sources. `bundles` is the folder in which the bundles of runs lie, if any do."""

    def __init__(self, reader: Reader, bundles: Path) -> None:
        self._reader = reader
        self._bundles = bundles

    def rows(self, source: Source, table: str) -> pa.Table:
        """Every row of one table of a source. A bundle is believed only where its files are those that were loaded."""
        if table not in source.shards:
            return pa.table({})
        found = self._from_bundle(source.run, table, source.shards[table])
        return found if found is not None else self._from_store(source, table)

    def tokens(self, run: str, shards: dict[str, dict[str, str]], ids: pa.Array) -> dict[str, str]:
        """What tokens write, by id; bytes and control tokens, which are no text, are left out."""
        table = self._from_bundle(run, "Token", shards.get("Token", {})) if "Token" in shards else None
        rows: list[dict[str, Any]] = (
            [] if table is None else table.select(["id", "text", "special", "byte"]).to_pylist()
        )
        known = {row["id"] for row in rows}
        missing = [name for name in ids.to_pylist() if name not in known]
        for start in range(0, len(missing), TOKENS):
            part = missing[start : start + TOKENS]
            rows += query("token_texts").run(self._reader, tokens=part, timeout=None).dicts()
        return {row["id"]: row["text"] or "" for row in rows if not (row["special"] or row["byte"])}

    def _from_bundle(self, run: str, table: str, shards: dict[str, str]) -> pa.Table | None:
        try:
            bundle = Bundle.open(self._bundles / run)
            files = {
                shard.name: entry for shard in bundle.shards.values() for entry in shard.files if entry.table == table
            }
            if any(name not in files or files[name].sha256 != checksum for name, checksum in shards.items()):
                return None
            return pa.concat_tables([bundle.read(files[name]) for name in sorted(shards)])
        except (BundleError, VersionError):
            return None

    def _from_store(self, source: Source, table: str) -> pa.Table:
        if table in _LAYER:
            parts = [
                query(_LAYER[table])
                .run(self._reader, model=source.model, layer=layer, run=source.run, timeout=None)
                .to_arrow()
                for layer in self._layers(source.model)
            ]
            # A column without a value in one layer has no type there.
            return pa.concat_tables([p for p in parts if p.num_rows] or parts[:1], promote_options="permissive")
        if table in _RUN:
            return query(_RUN[table]).run(self._reader, run=source.run, timeout=None).to_arrow()
        return query("features").run(self._reader, timeout=None).to_arrow()

    def _layers(self, model: str) -> Iterator[int]:
        for layer, _ in query("model_layers").run(self._reader, model=model, timeout=None):
            yield layer


def jobs_for(kinds: Sequence[Kind]) -> str:
    """The commands that make evidence of these kinds, for an error."""
    return "; ".join(f"{kind}: {MAKERS[maker].command}" for kind, maker in _MAKERS.items() if kind in kinds)


_MAKERS: dict[Kind, str] = {
    "decoded": "lm-head",
    "fires": "activations",
    "graph": "n2g",
    "explanation": "explanations",
    "feature": "probes",
}
