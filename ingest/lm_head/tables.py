"""A layer's decoding, and a vocabulary, as evidence tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schema import MlpId, conform, fold, table
from ..significant import significant
from ..subject.subject import Subject
from ..subject.vocabulary import Vocabulary

if TYPE_CHECKING:
    from .decode import Decoding, LayerDecoding

Tables = dict[str, pa.Table]
_POLES = np.array([1, -1])


def layer_tables(decoding: LayerDecoding, at: MlpId, model: str, tokenizer_hash: str, run: str) -> Tables:
    """Neuron, Stats and their relationships of one MLP, in the ontology's columns."""
    n_neurons = len(next(iter(decoding.projections.values())).norm)
    neurons = numbered(f"{model}/{at}/N", np.arange(n_neurons))
    stats, has, edges = [], [], []
    for projection, found in decoding.projections.items():
        stats.append(_stats(found, decoding, projection, neurons, run))
        has.append({"start": neurons.take(_spread(n_neurons, 2)), "end": stats[-1]["id"]})
        ranked = ranked_edges(found, neurons, decoding.convention, tokenizer_hash, run)
        edges.append(ranked | {"projection": same(projection, len(ranked["start"]))})
    node = {
        "id": neurons,
        "model": same(model, n_neurons),
        "layer": pa.array(np.full(n_neurons, at.layer)),
        "index": pa.array(np.arange(n_neurons)),
        "expert": pa.array([at.expert] * n_neurons, pa.int64()),
    }
    made = {
        "Neuron": pa.table(node),
        "Neuron.IN_MODEL.Model": pa.table({"start": neurons, "end": same(model, n_neurons)}),
        "Stats": pa.concat_tables(pa.table(columns) for columns in stats),
        "Neuron.HAS_STATS.Stats": pa.concat_tables(
            pa.table(columns | {"run": same(run, 2 * n_neurons)}) for columns in has
        ),
        "Neuron.DECODES_TO.Token": pa.concat_tables(pa.table(columns) for columns in edges),
    }
    return {name: conform(table(name), data.combine_chunks()) for name, data in made.items()}


def _stats(found: Decoding, layer: LayerDecoding, projection: str, neurons: pa.Array, run: str) -> dict[str, Any]:
    """One Stats node a neuron and pole: neuron by neuron, pole +1 first."""
    n, moments, signs = len(neurons), found.moments, np.tile(_POLES, len(neurons))
    poles = pa.array(signs)
    each = neurons.take(_spread(n, 2))

    def twice(values: Any, sign: npt.NDArray[np.int64] | int = 1) -> pa.Array:
        return _floats(np.repeat(values.numpy(), 2) * sign)

    suffix = same(f"/{run}", 2 * n)
    middle = same(f"/weights/{projection}/", 2 * n)
    return {
        "id": pc.binary_join_element_wise(each, middle, pc.cast(poles, pa.string()), suffix, ""),
        "kind": same("weights", 2 * n),
        "projection": same(projection, 2 * n),
        "pole": poles,
        "run": same(run, 2 * n),
        "convention": same(layer.convention, 2 * n),
        "norm": twice(found.norm),
        "n": pa.array(np.full(2 * n, layer.n_ranked)),
        "mean": twice(moments.mean, signs),
        "std": twice(moments.std),
        "skewness": twice(moments.skewness, signs),
        "kurtosis": twice(moments.kurtosis),
        "logsumexp": _floats(moments.logsumexp.numpy().ravel()),
        "entropy": _floats(moments.entropy.numpy().ravel()),
        "coherence": _floats(found.coherence.numpy().ravel()),
        "distinct": pa.array(found.distinct.numpy().ravel()),
    }


def ranked_edges(found: Decoding, starts: pa.Array, convention: str, tokenizer_hash: str, run: str) -> dict[str, Any]:
    """One edge a decoded row, pole and rank; `starts` are what the rows are of."""
    logits = found.logits.numpy()
    n, _, k = logits.shape
    size = logits.size
    mean = found.moments.mean.numpy()[:, None, None] * _POLES[None, :, None]
    std = found.moments.std.numpy()[:, None, None]
    z = np.divide(logits - mean, std, out=np.zeros_like(logits), where=std > 0)
    probability = np.exp(logits - found.moments.logsumexp.numpy()[:, :, None])
    return {
        "start": starts.take(_spread(n, 2 * k)),
        "end": numbered(f"{tokenizer_hash}/T", found.tokens.numpy().ravel()),
        "pole": pa.array(np.tile(np.repeat(_POLES, k), n)),
        "convention": same(convention, size),
        "rank": pa.array(np.tile(np.arange(1, k + 1), 2 * n)),
        "logit": pa.array(significant(logits.ravel())),
        "z": pa.array(significant(z.ravel())),
        "probability": pa.array(significant(probability.ravel())),
        "run": same(run, size),
    }


def vocabulary_tables(vocabulary: Vocabulary) -> Tables:
    """Every token, the words they spell, and which spells which. Tokens that are no ordinary text spell none."""
    n, name = len(vocabulary), vocabulary.hash
    ids = numbered(f"{name}/T", np.arange(n))
    tokens = {
        "id": ids,
        "tokenizer": same(name, n),
        "token": pa.array(np.arange(n)),
        "text": pa.array(vocabulary.texts),
    } | {flag: pa.array(getattr(vocabulary, flag)) for flag in ("special", "byte", "unused", "untrained")}
    words = pa.array([fold(text) for text in vocabulary.texts])
    spelling = pa.array(vocabulary.ordinary & (pc.utf8_length(words).to_numpy(zero_copy_only=False) > 0))
    spelled = words.filter(spelling)
    made = {
        "Token": pa.table(tokens),
        "Term": pa.table({"id": spelled.unique()}),
        "Token.SPELLS.Term": pa.table({"start": ids.filter(spelling), "end": spelled}),
    }
    return {name: conform(table(name), data) for name, data in made.items()}


def model_table(subject: Subject) -> pa.Table:
    """The Model node."""
    found = subject.architecture
    row = {
        "id": subject.name,
        "weights": subject.weights,
        "tokenizer": subject.vocabulary.hash,
        "architecture": found.name,
        "n_layers": found.n_layers,
        "d_model": found.d_model,
        "d_mlp": found.d_mlp if found.mixture is None else None,
        "n_experts": None if found.mixture is None else found.mixture.n_experts,
        "d_expert": None if found.mixture is None else found.mixture.d_expert,
        "d_vocab": found.d_vocab,
        "gated": found.gated,
        "certified": str(subject.certificate),
    }
    return conform(table("Model"), pa.Table.from_pylist([row]))


def words_of(vocabulary: Vocabulary) -> npt.NDArray[np.int64]:
    """A number for each token's case-folded word, `[d_vocab]`; -1 for one without a letter, such as a digit."""
    folded = [fold(text) for text in vocabulary.texts]
    words = pa.array([word if any(map(str.isalpha, word)) else None for word in folded], pa.string())
    numbers = words.dictionary_encode().indices.fill_null(-1)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.int64)


def numbered(prefix: str, numbers: npt.NDArray[np.int64]) -> pa.Array:
    """prefix0, prefix1, ..."""
    return pc.binary_join_element_wise(same(prefix, len(numbers)), pc.cast(pa.array(numbers), pa.string()), "")


def _spread(n: int, times: int) -> pa.Array:
    return pa.array(np.repeat(np.arange(n), times))


def same(text: str, n: int) -> pa.Array:
    """The text n times."""
    return pa.repeat(pa.scalar(text), n)


def _floats(values: npt.NDArray[np.float64]) -> pa.Array:
    """Values that are no number become null: the store holds numbers only."""
    finite = np.isfinite(values)
    return pa.array(significant(np.where(finite, values, 0.0)), mask=~finite)
