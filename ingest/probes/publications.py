"""What published tables leave unsaid: which checkpoint a model name means, how a feature was labelled, other names.

Of Gurnee et al. 2023 (2305.01610) and its repository wesg52/sparse-probing-paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_PYTHIA = re.compile(r"pythia-?(70m|160m|410m|1b|1\.4b|2\.8b|6\.9b|12b)(?:-?v0)?(?![0-9a-z]|\.[0-9])", re.IGNORECASE)
_PYTHIA_SHAPES = {
    "70m": (6, 512),
    "160m": (12, 768),
    "410m": (24, 1024),
    "1b": (16, 2048),
    "1.4b": (24, 2048),
    "2.8b": (32, 2560),
    "6.9b": (32, 4096),
    "12b": (36, 5120),
}


@dataclass(frozen=True)
class Shape:
    """Layers and neurons a layer; None where not known."""

    n_layers: int | None = None
    d_mlp: int | None = None
    d_model: int | None = None
    architecture: str | None = None
    gated: bool | None = None


@dataclass(frozen=True)
class Collection:
    """How the features of one of the paper's data sets were labelled (table 1 of the paper)."""

    category: str
    aggregation: str
    names: Callable[[str], tuple[str, ...]] = lambda own: (own,)
    """other names of a feature, by the data set's own; the first is the usual one"""


def model_name(published: str) -> str:
    """The hub id of the checkpoint a table means; a name that is not known stays as it is.

    The paper's Pythia models were replaced on the hub later: only `EleutherAI/pythia-*-v0` has their neurons.
    """
    found = _PYTHIA.fullmatch(published.removeprefix("EleutherAI/"))
    return f"EleutherAI/pythia-{found[1].lower()}-v0" if found else published


def model_in(text: str) -> str | None:
    """The model that the name of a file or folder mentions, such as `pythia70m_neurons`."""
    found = _PYTHIA.search(text.replace("_", " "))
    return f"EleutherAI/pythia-{found[1].lower()}-v0" if found else None


def shape(model: str) -> Shape:
    """Layers and widths of a Pythia model; unknown of others."""
    found = _PYTHIA.fullmatch(model.removeprefix("EleutherAI/"))
    if not found:
        return Shape()
    layers, width = _PYTHIA_SHAPES[found[1].lower()]
    return Shape(layers, 4 * width, width, "GPTNeoXForCausalLM", False)


def collection(dataset: str) -> Collection | None:
    """The paper's data set that a name such as `natural_lang_id.pyth.512.-1` begins with."""
    name = dataset.partition(".")[0]
    return next((found for key, found in COLLECTIONS.items() if name == key or name.startswith(f"{key}_")), None)


def ewt_category(feature: str) -> str:
    """The three kinds of labels that the paper took from Universal Dependencies English EWT."""
    if feature.startswith("upos_"):
        return "part_of_speech"
    return "dependency" if feature.startswith("dep_") else "morphology"


LANGUAGES = {
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "sv": "swedish",
}


def _language(own: str) -> tuple[str, ...]:
    return (f"is_{LANGUAGES[own]}", LANGUAGES[own]) if own in LANGUAGES else (own,)


def _code(own: str) -> tuple[str, ...]:
    return (own, f"is_{own.casefold().replace('+', 'p')}")


def _grammar(own: str) -> tuple[str, ...]:
    """`upos_NOUN` is NOUN and `dep_cc` is cc; morphology is Attribute_Value as it stands."""
    bare = own.removeprefix("upos_").removeprefix("dep_")
    return ("PUNCT" if own == "upos_PUNC" else bare,)


def _fact(own: str) -> tuple[str, ...]:
    return (f"is_{own.replace(' ', '_')}",)


def _alive(own: str) -> tuple[str, ...]:
    return ("is_alive" if own == "true" else "is_dead",)


COLLECTIONS = {
    "natural_lang_id": Collection("natural_language", "mean", _language),
    "programming_lang_id": Collection("programming_language", "mean", _code),
    "distribution_id": Collection("data_source", "mean"),
    "text_features": Collection("text_features", "none"),
    "compound_words": Collection("compound_words", "none"),
    "latex": Collection("latex", "none"),
    "ewt": Collection("", "none", _grammar),
    "wikidata_is_alive": Collection("facts", "max", _alive),
    "wikidata": Collection("facts", "max", _fact),
}

WITHOUT_FEATURE = {
    "pythia70m_prime_factor_neurons.csv": {"dataset": "compound_words.pyth.24.-1", "feature": "prime-factors"},
}
"""Published files that name no feature, and which one they are of: told by the MCC of L1N1117, which is that of the
same pair in top_mono_neurons.csv."""
