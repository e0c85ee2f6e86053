"""Which evidence a query needs, and which command makes it."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from ...schema import RELATIONSHIPS


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
    "lm-head": Maker(
        "neuronkb lm-head ingest MODEL", ("lm-head",), ("DECODES_TO", "ROUTES_ON", "SPELLS", "Stats weights")
    ),
    "activations": Maker(
        "neuronkb activations ingest MODEL --corpus TEXTS",
        ("activations",),
        ("FIRES_ON", "FIRES_ON_TOKEN", "SPELLS", "Stats activations"),
    ),
    "n2g": Maker(
        "neuronkb n2g ingest MODEL --corpus TEXTS (or neuronkb n2g import)",
        ("n2g", "import-n2g"),
        ("HAS_GRAPH", "STARTS_AT", "PRECEDED_BY", "MATCHES", "ACTIVATES_ON", "HAS_CONTEXT", "SIMILAR"),
    ),
    "probes": Maker(
        "neuronkb probes ingest MODEL (or neuronkb probes import)",
        ("probes", "import-probes"),
        ("DETECTS", "NAMED", "Probe", "USES", "FOR", "Feature"),
    ),
    "explanations": Maker(
        "neuronkb explanations ingest MODEL (or neuronkb explanations import)",
        (),
        ("EXPLAINED_BY", "MENTIONS", "SCORED", "OF"),
    ),
    "clamp": Maker("neuronkb causal ingest MODEL", ("clamp",), ("Intervention", "ON")),
    "link": Maker("neuronkb links make BASE TUNED", (), ("COUNTERPART", "FINE_TUNED_FROM")),
    "match": Maker("neuronkb similar match MODEL_A MODEL_B", (), ("SIMILAR",)),
    "feeds": Maker("neuronkb feeds ingest MODEL", ("feeds",), ("FEEDS",)),
    "findings": Maker("neuronkb findings add TEXT --about ID", (), ("Finding", "ABOUT")),
    "agree": Maker("neuronkb words agree MODEL", ("agree",), ("AGREES_ON", "CONTRADICTS_ON")),
    "carry": Maker("neuronkb findings carry BASE TUNED", (), ("CARRIED_TO",)),
}
for _rel in RELATIONSHIPS.values():
    if _rel.job is not None:
        _made = (*MAKERS[_rel.job].makes, _rel.type) if _rel.job in MAKERS else (_rel.type,)
        MAKERS[_rel.job] = Maker(f"neuronkb {_rel.job} ingest MODEL", (_rel.job,), _made)


@dataclass(frozen=True)
class Need:
    """Labels and relationship types that must hold rows before a query can find any."""

    names: tuple[str, ...]
    maker: str
    """key of MAKERS"""

    def __str__(self) -> str:
        return f"{', '.join(self.names)} from {self.maker}"


def command(maker: str, **names: str) -> str:
    """The command that makes evidence, with models in the place of MODEL, BASE or TUNED."""
    ours = MAKERS[maker].command.partition(" (or ")[0]
    return " ".join(quote(names[word]) if word in names else word for word in ours.split())
