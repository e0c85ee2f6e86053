"""Which evidence a query needs, and which command makes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Maker:
    """One way for evidence to come into a store."""

    command: str
    """what a user runs; MODEL, BASE and the like stand for what is theirs"""
    jobs: tuple[str, ...]
    """the `job` of its runs, where these stand under the model that the evidence is of; else empty"""
    makes: tuple[str, ...]
    """labels and relationship types; kinds of Stats as `Stats weights` and `Stats activations`"""

    @property
    def of_one_model(self) -> bool:
        """Whether the runs on a model say that it has such evidence."""
        return bool(self.jobs)


MAKERS: dict[str, Maker] = {
    "lm-head": Maker("neuronkb ingest lm-head MODEL", ("lm-head",), ("DECODES_TO", "SPELLS", "Stats weights")),
    "activations": Maker(
        "neuronkb ingest activations MODEL --corpus TEXTS",
        ("activations",),
        ("FIRES_ON", "FIRES_ON_TOKEN", "SPELLS", "Stats activations"),
    ),
    "n2g": Maker(
        "neuronkb ingest n2g MODEL --corpus TEXTS (or neuronkb import n2g)",
        ("n2g", "import-n2g"),
        ("HAS_GRAPH", "STARTS_AT", "PRECEDED_BY", "MATCHES", "ACTIVATES_ON", "HAS_CONTEXT", "SIMILAR"),
    ),
    "probes": Maker(
        "neuronkb ingest probes MODEL (or neuronkb import probes)",
        ("probes", "import-probes"),
        ("DETECTS", "NAMED", "Probe", "USES", "FOR", "Feature"),
    ),
    "explanations": Maker(
        "neuronkb ingest explanations MODEL (or neuronkb import explanations)",
        (),
        ("EXPLAINED_BY", "MENTIONS", "SCORED", "OF"),
    ),
    "clamp": Maker("neuronkb ingest clamp MODEL", ("clamp",), ("Intervention", "ON")),
    "link": Maker("neuronkb link BASE TUNED", (), ("COUNTERPART", "FINE_TUNED_FROM")),
    "match": Maker("neuronkb match MODEL_A MODEL_B", (), ("SIMILAR",)),
    "feeds": Maker("neuronkb ingest feeds MODEL", ("feeds",), ("FEEDS",)),
    "findings": Maker("neuronkb finding add TEXT --about ID", (), ("Finding", "ABOUT")),
    "agree": Maker("neuronkb agree MODEL", ("agree",), ("AGREES_ON", "CONTRADICTS_ON")),
    "carry": Maker("neuronkb finding carry BASE TUNED", (), ("CARRIED_TO",)),
}


@dataclass(frozen=True)
class Need:
    """Labels and relationship types that must hold rows before a query can find any."""

    names: tuple[str, ...]
    maker: str
    """key of MAKERS"""

    def __str__(self) -> str:
        return f"{', '.join(self.names)} from {self.maker}"
