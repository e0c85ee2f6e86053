"""Evidence as rows that have a meaning: sides with the words they hold, or texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schema import IdError, NeuronId, fold
from ...schema.compute import pc
from .sources import Evidence, Source

CONTEXT = 0.5
"""Weight of a word of context beside one that the neuron fires on."""
COLUMNS = ("unit", "layer", "projection", "pole", "text", "ref")
"""Of a segment's rows: neuron or latent, its layer, side, the text itself, and the id of what the text belongs to."""
SCHEMA = pa.schema(
    [
        ("unit", pa.string()),
        ("layer", pa.int32()),
        ("projection", pa.string()),
        ("pole", pa.int8()),
        ("text", pa.string()),
        ("ref", pa.string()),
    ]
)

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Worded:
    """Sides of neurons, and entries (side, word, weight): `words[i]` is of row `rows[i]`."""

    sides: pa.Table
    rows: Numbers
    words: pa.Array
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Written:
    """Texts with the unit each is about, and embeddings that came with them."""

    rows: pa.Table
    embeddings: dict[int, list[float]]
    """by row"""
    embedders: dict[int, str]


def worded(evidence: Evidence, source: Source) -> Worded:
    """Decoded tokens, corpus tokens or the words of graphs."""
    if source.kind == "graph":
        return _graph_words(evidence, source)
    table = evidence.rows(
        source, "Neuron.DECODES_TO.Token" if source.kind == "decoded" else "Neuron.FIRES_ON_TOKEN.Token"
    )
    weight = table.column("z" if source.kind == "decoded" else "mean")
    texts = evidence.tokens(source.run, source.shards, pc.unique(table.column("end")))
    ends = _combined(table.column("end").dictionary_encode())
    spelled = pa.array([_word(texts.get(name, "")) for name in ends.dictionary.to_pylist()], pa.string())
    words = spelled.take(ends.indices)
    projection = table.column("projection") if "projection" in table.column_names else None
    return _worded(table.column("start"), projection, table.column("pole"), words, _floats(weight))


def written(evidence: Evidence, source: Source) -> Written:
    """Explanations in words, or features by name and description."""
    return _features(evidence, source) if source.kind == "feature" else _explanations(evidence, source)


def feature_text(name: str, description: str | None) -> str:
    """A feature as words: `is_french` and what is labelled."""
    plain = name.removeprefix("is_").replace("_", " ").strip()
    return f"{plain}: {description}" if description else plain


def _graph_words(evidence: Evidence, source: Source) -> Worded:
    starts, poles, words, weights = [], [], [], []
    for name, scale, strength in (
        ("Neuron.ACTIVATES_ON.Term", 1.0, "activation"),
        ("Neuron.HAS_CONTEXT.Term", CONTEXT, "importance"),
    ):
        table = evidence.rows(source, name)
        if table.num_rows == 0:
            continue
        starts.append(_combined(table.column("start")))
        poles.append(_combined(table.column("pole")))
        spelled = [_word(word) for word in table.column("end").to_pylist()]
        words.append(pa.array(spelled, pa.string()))
        # A drawing may have lost how much a word matters: it counts as much as can be.
        weights.append(scale * _floats(pc.fill_null(table.column(strength), 1.0)))
    if not starts:
        return Worded(SCHEMA.empty_table(), np.empty(0, np.int64), pa.array([], pa.string()), np.empty(0, np.float32))
    joined = (pa.concat_arrays(part) for part in (starts, poles, words))
    start, pole, word = joined
    return _worded(start, None, pole, word, np.concatenate(weights).astype(np.float32))


def _worded(start: Any, projection: Any, pole: Any, words: pa.Array, weights: npt.NDArray[np.float32]) -> Worded:
    """Number the sides by neuron, projection and pole, in whatever order the rows came."""
    units = pc.unique(_combined(start)).sort()
    code = np.asarray(pc.index_in(_combined(start), units).to_numpy(), np.int64)
    sides = ["gate", "up", "down"] if projection is not None else [None]
    if projection is not None:
        code = code * 3 + np.asarray(pc.index_in(_combined(projection), pa.array(sides)).to_numpy(), np.int64)
    code = 2 * code + (np.asarray(_combined(pole).to_numpy()) < 0)
    named = np.asarray(_combined(words.is_valid()).to_numpy(zero_copy_only=False), bool)
    code, words, weights = code[named], words.filter(pa.array(named)), weights[named]
    each, rows = np.unique(code, return_inverse=True)
    unit = units.take(pa.array(each // (2 * len(sides))))
    table = side_table(
        unit, [sides[i] for i in (each // 2) % len(sides)], [-1 if odd else 1 for odd in each % 2], None, None
    )
    return Worded(table, rows.astype(np.int64), words, weights)


def side_table(unit: pa.Array, projection: Any, pole: Any, text: Any, ref: Any) -> pa.Table:
    """Rows of a segment; a column that is None is null throughout."""
    given = {"unit": unit, "layer": _layers(unit), "projection": projection, "pole": pole, "text": text, "ref": ref}
    columns = [
        pa.nulls(len(unit), field.type) if given[field.name] is None else pa.array(given[field.name], field.type)
        for field in SCHEMA
    ]
    return pa.table(columns, schema=SCHEMA)


def _layers(unit: pa.Array) -> list[int | None]:
    names = unit.dictionary_encode()
    layers = [layer_of(name) for name in names.dictionary.to_pylist()]
    return [None if i is None else layers[i] for i in names.indices.to_pylist()]


def layer_of(name: str) -> int | None:
    """The layer of a neuron by its id; None for a latent."""
    try:
        found = NeuronId.parse(name)
    except IdError:
        return None
    return found.layer if str(found) == name else None


def _explanations(evidence: Evidence, source: Source) -> Written:
    texts = {
        row["id"]: row
        for row in evidence.rows(source, "Explanation").to_pylist()
        if row["kind"] == "text" and (row["text"] or "").strip()
    }
    about: list[tuple[str, int | None, str]] = []
    for name in ("Neuron.EXPLAINED_BY.Explanation", "Latent.EXPLAINED_BY.Explanation"):
        rows = evidence.rows(source, name)
        if rows.num_rows:
            columns = (rows.column(c).to_pylist() for c in ("start", "pole", "end"))
            about += [row for row in zip(*columns, strict=True) if row[2] in texts]
    table = side_table(
        pa.array([unit for unit, _, _ in about], pa.string()),
        None,
        [pole for _, pole, _ in about],
        [texts[name]["text"].strip() for *_, name in about],
        [name for *_, name in about],
    )
    made = {
        i: texts[name] for i, (*_, name) in enumerate(about) if texts[name]["embedding"] and texts[name]["embedder"]
    }
    return Written(
        table, {i: row["embedding"] for i, row in made.items()}, {i: row["embedder"] for i, row in made.items()}
    )


def _features(evidence: Evidence, source: Source) -> Written:
    rows = {row["id"]: row for row in evidence.rows(source, "Feature").to_pylist()}
    names = [row["name"] or name.rpartition("/")[2] for name, row in rows.items()]
    texts = [feature_text(name, row["description"]) for name, row in zip(names, rows.values(), strict=True)]
    return Written(side_table(pa.array(names, pa.string()), None, None, texts, list(rows)), {}, {})


def _word(text: str) -> str | None:
    """The Term a text spells, where it has a letter or a digit: signs alone mean nothing to an embedding."""
    term = fold(text)
    return term if any(c.isalnum() for c in term) else None


def _combined(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _floats(column: Any) -> npt.NDArray[np.float32]:
    return np.asarray(
        _combined(pc.cast(column, pa.float32())).fill_null(0.0).to_numpy(zero_copy_only=False), np.float32
    )
