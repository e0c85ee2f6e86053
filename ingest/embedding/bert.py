"""Sentence embeddings by BERT, such as MiniLM: a query without loading torch, many words quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from ...schema.outside import parse_json, read_bytes
from ..progress import Progress, silent
from ..subject.header import TensorInfo, read_header
from .forward import Layer, NumpyOperations, TorchOperations, encoded

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

WIDTH = 384
"""Of the products by which formats are compared: that of small encoders."""
FEW = 64
"""Sequences up to which loading torch would take longer than they do."""
TOKENS = 1_024
"""Tokens that go through the layers at a time: their largest array, of the MLP, stays in a core's cache."""
MODULES = ("Transformer", "Pooling", "Normalize")
NAMES = {
    "out": "attention.output.dense",
    "attended": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "written": "output.LayerNorm",
}
MAX_JSON = 2**20
MEAN = "pooling_mode_mean_tokens"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Bert:
    """An encoder whose hidden states are averaged over a text's tokens and brought to length 1."""

    tokenizer: Tokenizer
    words: Vectors
    """by token, `[vocabulary, d]`, memory-mapped"""
    places: Vectors
    """by position, with the one segment type added, `[positions, d]`"""
    entering: tuple[Vectors, Vectors]
    """the norm of the embeddings"""
    layers: tuple[Layer, ...]
    heads: int
    eps: float

    @classmethod
    def read(cls, folder: Path) -> Bert | None:
        """The model in a sentence-transformers folder; None where it is of another kind, or the tokenizers package is
        not there. Raises ModelError for damaged weights."""
        settings = _settings(folder)
        tokenizer = None if settings is None else _tokenizer(folder)
        if settings is None or tokenizer is None:
            return None
        config, longest = settings
        tokenizer.no_padding()
        tokenizer.enable_truncation(longest)
        try:
            tensors = {info.name: info for info in read_header(folder / WEIGHTS)}
            if any(info.dtype != "F32" for name, info in tensors.items() if not name.endswith("position_ids")):
                return None
            return cls._of(tensors, config, tokenizer)
        except KeyError:
            return None
        except ModelError as error:
            raise ModelError(f"{str(folder)!r} cannot be opened as an embedding model: {error}") from None

    @classmethod
    def _of(cls, tensors: dict[str, TensorInfo], config: dict[str, Any], tokenizer: Tokenizer) -> Bert:
        def pair(name: str) -> tuple[Vectors, Vectors]:
            return _mapped(tensors[f"{name}.weight"]), _mapped(tensors[f"{name}.bias"])

        def layer(at: int) -> Layer:
            into = [pair(f"encoder.layer.{at}.attention.self.{name}") for name in ("query", "key", "value")]
            joined = np.concatenate([w for w, _ in into]), np.concatenate([b for _, b in into])
            return Layer(joined, **{part: pair(f"encoder.layer.{at}.{name}") for part, name in NAMES.items()})

        places = _mapped(tensors["embeddings.position_embeddings.weight"])
        kinds = _mapped(tensors["embeddings.token_type_embeddings.weight"])
        return cls(
            tokenizer,
            _mapped(tensors["embeddings.word_embeddings.weight"]),
            places + kinds[0],
            pair("embeddings.LayerNorm"),
            tuple(layer(at) for at in range(config["num_hidden_layers"])),
            config["num_attention_heads"],
            config["layer_norm_eps"],
        )

    @property
    def dimensions(self) -> int:
        """Numbers of a vector."""
        return int(self.words.shape[1])

    def encode(self, texts: Sequence[str], progress: Progress = silent, quick: bool = False) -> Vectors:
        """Unit vectors, float32 `[len(texts), dimensions]`.

        Texts that are the same tokens, such as `Über` and `uber`, are run once. Many go through torch, with bfloat16
        products where `quick` and the machine multiplies them more quickly than float32.
        """
        sequences: dict[tuple[int, ...], int] = {}
        place = [
            sequences.setdefault(tuple(found.ids), len(sequences))
            for found in self.tokenizer.encode_batch(list(texts), add_special_tokens=True)
        ]
        vectors = np.empty((len(sequences), self.dimensions), np.float32)
        run = self._runner(len(sequences) > FEW, quick)
        done = 0
        for ids, rows in _batches(list(sequences)):
            vectors[rows] = run(ids)
            done += len(rows)
            progress("embedding", done, len(sequences))
        return vectors[place]

    def _runner(self, many: bool, quick: bool) -> Callable[[Ids], Vectors]:
        """What makes unit vectors `[n, dimensions]` of sequences `[n, length]`."""
        if many:
            return _through_torch(self, quick)
        return lambda ids: _unit(encoded(self._entering(ids), self.layers, self.heads, self.eps, NumpyOperations()))

    def _entering(self, ids: Ids) -> Vectors:
        summed = self.words[ids] + self.places[: ids.shape[1]]
        return np.asarray(NumpyOperations().norm(summed, self.entering, self.eps), np.float32)


def _through_torch(model: Bert, quick: bool) -> Callable[[Ids], Vectors]:
    import torch

    from .. import products

    dtype = torch.bfloat16 if quick and products.quick_bf16(torch.device("cpu"), WIDTH) else torch.float32

    def of(array: Vectors, dtype: torch.dtype) -> torch.Tensor:
        return torch.from_numpy(np.array(array)).to(dtype)

    def moved(layer: Layer) -> Layer:
        norms = ("attended", "written")
        parts = {field.name: getattr(layer, field.name) for field in fields(layer)}
        kinds = {name: torch.float32 if name in norms else dtype for name in parts}
        return Layer(**{name: (of(w, kinds[name]), of(b, kinds[name])) for name, (w, b) in parts.items()})

    layers = [moved(layer) for layer in model.layers]

    def run(ids: Ids) -> Vectors:
        with torch.inference_mode():
            entering = torch.from_numpy(model._entering(ids))
            hidden = encoded(entering, layers, model.heads, model.eps, TorchOperations())
        return _unit(hidden.numpy())

    return run


def _unit(hidden: Vectors) -> Vectors:
    mean = hidden.mean(1)
    return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12), np.float32)


def _batches(sequences: Sequence[tuple[int, ...]]) -> Iterator[tuple[Ids, list[int]]]:
    """Sequences of one length together, so that nothing is padding: `[n, length]`, and which they are."""
    by_length: dict[int, list[int]] = {}
    for i, sequence in enumerate(sequences):
        by_length.setdefault(len(sequence), []).append(i)
    for length, rows in sorted(by_length.items()):
        step = max(1, TOKENS // length)
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            yield np.array([sequences[i] for i in some], np.int64), some


def _settings(folder: Path) -> tuple[dict[str, Any], int] | None:
    """The encoder's config and the longest text in tokens; None where anything is not as this file has it."""

    def read(name: str) -> Any:
        return parse_json(read_bytes(folder / name, MAX_JSON))

    try:
        modules, config, limits = read("modules.json"), read("config.json"), read("sentence_bert_config.json")
        kinds = tuple(module["type"].rpartition(".")[2] for module in modules)
        pooling = read(f"{modules[1]['path']}/config.json")
        fits = (
            kinds in (MODULES, MODULES[:2])
            and modules[0]["path"] == ""
            and {name for name, used in pooling.items() if name.startswith("pooling_mode") and used} == {MEAN}
            and read("config_sentence_transformers.json").get("default_prompt_name") is None
            and not limits.get("do_lower_case")
            and (config["model_type"], config["hidden_act"]) == ("bert", "gelu")
            and config.get("position_embedding_type", "absolute") == "absolute"
            and 2 < limits["max_seq_length"] <= config["max_position_embeddings"]
        )
        return (config, int(limits["max_seq_length"])) if fits else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def _tokenizer(folder: Path) -> Tokenizer | None:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return None
    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # the library raises no narrower one for a file that it cannot read
        return None


def _mapped(info: TensorInfo) -> Vectors:
    try:
        return np.memmap(info.file, np.dtype("<f4"), "r", info.start, info.shape)
    except (OSError, ValueError) as error:
        raise ModelError(f"{info.file}: tensor {info.name!r} cannot be read ({error})") from None
