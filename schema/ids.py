"""Names of things: neurons, tokens, terms, runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import IdError
from .outside import is_text

_LAYER, _INDEX = r"(?P<layer>[0-9]{1,9})", r"(?P<index>[0-9]{1,9})"
_OWN = re.compile(rf"(?P<model>.+)/L{_LAYER}/N{_INDEX}")
_NEURONPEDIA = re.compile(rf"(?P<model>.+)/{_LAYER}(?:-mlp)?/{_INDEX}")
_TRANSFORMER_LENS = re.compile(rf"(?:(?P<model>.+)/)?blocks\.{_LAYER}\.mlp\.hook_post/{_INDEX}")


@dataclass(frozen=True)
class NeuronId:
    """One neuron: model id, 0-based layer, 0-based index in the layer."""

    model: str
    layer: int
    index: int

    def __str__(self) -> str:
        return f"{self.model}/L{self.layer}/N{self.index}"

    @classmethod
    def parse(cls, text: str, model: str | None = None) -> NeuronId:
        """Read `{model}/L3/N17`, Neuronpedia's `{model}/3-mlp/17` and `{model}/3/17`, or TransformerLens's
        `blocks.3.mlp.hook_post/17`, which names no model: `model` says which is meant.

        Raises IdError.
        """
        for pattern in (_OWN, _NEURONPEDIA, _TRANSFORMER_LENS) if is_text(text) else ():
            if match := pattern.fullmatch(text.strip()):
                found = match["model"] or model
                if found is None:
                    raise IdError(f"neuron id {text!r} names no model; give it as MODEL/{text}")
                return cls(found, int(match["layer"]), int(match["index"]))
        raise IdError(
            f"{text!r} is not a neuron id; expected MODEL/L3/N17, MODEL/3-mlp/17 or MODEL/blocks.3.mlp.hook_post/17"
        )


@dataclass(frozen=True)
class LatentId:
    """One unit of a dictionary: model id, the dictionary's name and 0-based index. Never a neuron."""

    model: str
    source: str
    index: int

    def __str__(self) -> str:
        return f"{self.source_id}/{self.index}"

    @property
    def source_id(self) -> str:
        """Id of the Source."""
        return f"{self.model}/{self.source}"


def fold(surface: str) -> str:
    """The term a surface spells: stripped and case-folded; empty when nothing is left."""
    return surface.strip().casefold()


def digest(value: Mapping[str, object]) -> str:
    """Hex sha256 of a JSON-able mapping, whatever the order of its keys. Raises IdError for half a character in it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        near = text[max(0, error.start - 20) : error.end + 20]
        raise IdError(f"{near!r} holds half a character, a lone surrogate; mend the text") from None
    return hashlib.sha256(data).hexdigest()


def run_id(job: str, model: str, weights: str, parameters: Mapping[str, object], **more: object) -> str:
    """`{job}-{12 hex digits}` of everything that determines a neuron's result; scope is left out.

    The model's name is part of it: the same weights under another name are another model, whose neurons have ids of
    their own. `more` is what else the run names, such as its tokenizer.
    """
    identity = {"job": job, "model": model, "weights": weights, "parameters": parameters, **more}
    return f"{job}-{digest(identity)[:12]}"
