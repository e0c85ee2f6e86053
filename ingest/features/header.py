"""What a data set says of itself: the first line of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from ...schema import FeatureError
from .feature import Feature, Negatives
from .names import near

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT = 1
MOST = 1024
"""Features, and different names, that one data set may have."""
LONGEST = 128
"""Characters of a name."""

Aggregation = Literal["none", "mean", "max"]
"""A label belongs to single tokens, or to the mean or maximum of activations over a stretch of them."""
At = Literal["last", "first", "every"]
"""Which tokens of a span are labelled: one of them, or each."""

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True)
class Count:
    """Labels of one feature before any tokenizer: texts or spans."""

    positives: int
    negatives: int
    groups_positive: int
    """groups with a positive"""

    def __post_init__(self) -> None:
        if not all(0 <= n < 2**63 for n in (self.positives, self.negatives, self.groups_positive)):
            raise FeatureError("counts of a feature are below 0, or beyond what can be counted")


@dataclass(frozen=True)
class Header:
    """How the labels of a data set are meant, and where they come from."""

    category: str
    dataset: str = ""
    """where the texts come from, with version"""
    features: tuple[Feature, ...] = ()
    """all names that occur, where empty"""
    aggregation: Aggregation = "none"
    at: At = "last"
    negatives: Negatives = "labelled"
    """of features that do not say"""
    share: float | None = 0.2
    """positive share that is sampled where fewer are positive (where more are: that share, up to one half); None
    takes all"""
    skip: int = 5
    """first positions of a window that are never labelled, BOS apart"""
    length: int = 128
    """tokens a window, BOS included"""
    least: int = 1
    """a text of fewer tokens is left out"""
    tokens: int = 60_000
    """of windows that a model has to read, at most"""
    seed: int = 0
    silver: bool = False
    """labels are a model's, not a person's"""
    provenance: str = ""
    licence: str = ""
    counts: Mapping[str, Count] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value, kinds in (
            ("aggregation", self.aggregation, Aggregation),
            ("at", self.at, At),
            ("negatives", self.negatives, Negatives),
        ):
            _one_of(name, value, get_args(kinds))
        if self.share is not None and not 0 < self.share <= 0.5:
            raise FeatureError(f"share is {self.share!r}, expected above 0 and at most 0.5, or null to take all")
        if not 8 <= self.length <= 4096:
            raise FeatureError(f"length is {self.length!r}, expected 8 to 4096 tokens a window")
        if not 0 <= self.skip < self.length - 1:
            raise FeatureError(f"skip is {self.skip!r}, expected 0 to {self.length - 2} of {self.length} positions")
        if not 100 <= self.tokens <= 10**9:
            raise FeatureError(f"tokens is {self.tokens!r}, expected 100 or more")
        for name in ("least", "seed"):
            if not 0 <= getattr(self, name) < 2**63:
                raise FeatureError(f"{name} is {getattr(self, name)!r}, expected a whole number from 0")
        if not self.category or len(self.features) > MOST:
            raise FeatureError(f"expected a category and at most {MOST} features, found {len(self.features)}")

    def to_json(self) -> dict[str, Any]:
        """The first line of the file."""
        plain = {name: value for name, value in asdict(self).items() if name not in ("features", "counts")}
        features = [{k: v for k, v in asdict(f).items() if v not in (None, ())} for f in self.features]
        counts = {name: asdict(count) for name, count in self.counts.items()}
        return {"neuronkb_features": FORMAT, **plain, "features": features, "counts": counts}

    @classmethod
    def from_json(cls, row: Mapping[str, Any], category: str) -> Header:
        """From a first line; `category` is the file's name, for one that does not say. Raises FeatureError."""
        given = dict(row)
        version = given.pop("neuronkb_features")
        if version != FORMAT:
            raise FeatureError(f"format {version!r} is not known, expected {FORMAT}; use a newer neuronkb")
        given.setdefault("category", category)
        features = given.pop("features", [])
        counts = given.pop("counts", {})
        if not isinstance(features, list) or not isinstance(counts, dict):
            raise FeatureError("features must be a list and counts an object")
        made = _make(cls, given)
        named = tuple(_feature(one, made.negatives) for one in features)
        counted = {str(name): _make(Count, one) for name, one in counts.items()}
        return _make(cls, {**given, "features": named, "counts": counted})


def _feature(given: Any, negatives: Negatives) -> Feature:
    row = {"name": given} if isinstance(given, str) else given
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise FeatureError(f"a feature is {given!r}, expected its name or an object with 'name'")
    if not 0 < len(row["name"]) <= LONGEST:
        raise FeatureError(f"feature name {row['name'][:40]!r}: expected 1 to {LONGEST} characters")
    against = row.get("against", [])
    if not isinstance(against, list) or not all(isinstance(name, str) for name in against):
        raise FeatureError(f"feature {row['name']!r}: against is {against!r}, expected a list of names")
    found = _make(Feature, {"negatives": negatives, **row, "against": tuple(against)})
    _one_of("negatives", found.negatives, get_args(Negatives))
    return found


_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "bool": (bool,),
    "float | None": (float, int, type(None)),
    "str | None": (str, type(None)),
    "tuple[str, ...]": (tuple,),
    "tuple[Feature, ...]": (tuple,),
    "Mapping[str, Count]": (dict,),
}


def _make(kind: type[T], given: Any) -> T:
    """A dataclass from a JSON object, each value of the type its field has."""
    if not isinstance(given, dict):
        raise FeatureError(f"{given!r} is no {kind.__name__.lower()}; expected an object")
    types = {field.name: str(field.type) for field in fields(kind)}
    for name, value in given.items():
        if name not in types:
            raise FeatureError(f"unknown key {name!r} of a {kind.__name__.lower()}{near(name, types)}")
        allowed = _KINDS.get(types[name], (str,))
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise FeatureError(f"{name} is {value!r}, expected {types[name]}")
    missing = sorted(
        field.name
        for field in fields(kind)
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING
    )
    if missing:
        raise FeatureError(f"a {kind.__name__.lower()} without {', '.join(missing)}; expected {', '.join(types)}")
    return kind(**given)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise FeatureError(f"{name} is {value!r}, expected one of {', '.join(known)}")
