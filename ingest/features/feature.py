"""One feature of a data set: its name, and what counts as its opposite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Negatives = Literal["labelled", "rest"]
"""`labelled`: other labelled spans. `rest`: every token outside the feature's spans."""


@dataclass(frozen=True)
class Feature:
    """A binary feature. With `predicate`, `prefix` or `suffix` it is a rule on single tokens and needs no labels."""

    name: str
    negatives: Negatives = "labelled"
    against: tuple[str, ...] = ()
    """negatives are only spans that carry one of these names, such as other tenses"""
    mirror: str | None = None
    """half of the negatives are taken from spans of this name, such as denominators against numerators"""
    predicate: str | None = None
    """one of `rules.PREDICATES`"""
    prefix: str | None = None
    """the token, without spaces around it and in lower case, begins so and is longer"""
    suffix: str | None = None

    @property
    def is_rule(self) -> bool:
        """Whether tokens are labelled by a rule."""
        return any(rule is not None for rule in (self.predicate, self.prefix, self.suffix))
