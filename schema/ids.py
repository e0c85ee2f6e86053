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
_EXPERT = r"(?:/(?:E(?P<expert>[0-9]{1,9})|(?P<shared>S)))?"
_PLACE = re.compile(rf"L{_LAYER}{_EXPERT}/N{_INDEX}")
_OWN = re.compile(rf"(?P<model>.+)/{_PLACE.pattern}")
_NEURONPEDIA = re.compile(rf"(?P<model>.+)/{_LAYER}(?:-mlp)?/{_INDEX}")
_TRANSFORMER_LENS = re.compile(rf"(?:(?P<model>.+)/)?blocks\.{_LAYER}\.mlp\.hook_post/{_INDEX}")


SHARED = -1
"""`expert` of the expert that every token reaches."""


@dataclass(frozen=True)
class MlpId:
    """One MLP of a model: the only one of its layer, or one expert of a mixture."""

    layer: int
    """0-based"""
    expert: int | None = None
    """0-based expert, SHARED for the one that every token reaches; None in a dense layer"""

    def __str__(self) -> str:
        return f"L{self.layer}" + ("/" if self.suffix else "") + self.suffix

    @property
    def suffix(self) -> str:
        """`E5` of an expert, `S` of a shared one, empty in a dense layer."""
        if self.expert is None:
            return ""
        return "S" if self.expert == SHARED else f"E{self.expert}"

    @property
    def order(self) -> tuple[int, int]:
        """Sorts MLPs: by layer, the shared expert before the others."""
        return self.layer, SHARED - 1 if self.expert is None else self.expert


@dataclass(frozen=True)
class NeuronId:
    """One neuron: model id, 0-based layer, 0-based index in its MLP; in a mixture of experts also which expert."""

    model: str
    layer: int
    index: int
    expert: int | None = None
    """as in MlpId"""

    def __str__(self) -> str:
        return f"{self.model}/{self.place}"

    @property
    def mlp(self) -> MlpId:
        """The MLP it is in."""
        return MlpId(self.layer, self.expert)

    @property
    def place(self) -> str:
        """Its id without the model: `L3/N17`, `L3/E5/N17`, `L3/S/N17`."""
        return f"{self.mlp}/N{self.index}"

    @classmethod
    def parse(cls, text: str, model: str | None = None) -> NeuronId:
        """Read `{model}/L3/N17`, of an expert `{model}/L3/E5/N17` and of a shared one `{model}/L3/S/N17`,
        Neuronpedia's `{model}/3-mlp/17` and `{model}/3/17`, or TransformerLens's `blocks.3.mlp.hook_post/17`, which
        names no model: `model` says which is meant.

        Raises IdError.
        """
        for pattern in (_OWN, _NEURONPEDIA, _TRANSFORMER_LENS) if is_text(text) else ():
            if match := pattern.fullmatch(text.strip()):
                found = match["model"] or model
                if found is None:
                    raise IdError(f"neuron id {text!r} names no model; give it as MODEL/{text}")
                return cls(found, int(match["layer"]), int(match["index"]), _expert(match))
        raise IdError(
            f"{text!r} is not a neuron id; expected MODEL/L3/N17, of an expert MODEL/L3/E5/N17, MODEL/3-mlp/17 or "
            "MODEL/blocks.3.mlp.hook_post/17"
        )


def is_place(text: str) -> bool:
    """Whether it is a neuron's id without its model, such as `L3/N17` or `L3/E5/N17`."""
    return _PLACE.fullmatch(text) is not None


def place_in(neuron: str) -> str:
    """What stands behind the model in a neuron's id; a text that is none as it is."""
    found = re.search(rf"{_PLACE.pattern}\Z", neuron)
    return neuron if found is None else found[0]


def _expert(match: re.Match[str]) -> int | None:
    found = match.groupdict()
    if found.get("shared"):
        return SHARED
    return None if found.get("expert") is None else int(found["expert"])


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
