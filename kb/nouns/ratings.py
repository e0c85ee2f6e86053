"""kb.ratings: see its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ..kinds import StoredModel
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.answers.ratings import RatingReport
    from ..jobs.ratings import Sheet, Way


class Ratings(Noun):
    """Explanations rated by people: what they are shown, what they gave, how far they agree."""

    @verb()
    def report(
        self,
        model: StoredModel,
        *,
        formula: Annotated[str, "Automatic score to compare with"] = "ev-correlation",
        split: Annotated[str | None, "Windows of the automatic score"] = "top-and-random",
    ) -> RatingReport:
        """How people's ratings agree with an automatic score and with one another."""
        from ...queries.answers.ratings import rating_report

        return rating_report(self.db, model, formula, split)

    def sheets(
        self, model: str, rater: str, *, way: Way = "rate", neuron: str | None = None, count: int = 10, seed: int = 0
    ) -> list[Sheet]:
        """Sides that a person has not judged this way yet, in an order that the seed decides; see `jobs.ratings`."""
        from ..jobs.ratings import sheets

        return sheets(self.db, model, rater, way=way, neuron=neuron, count=count, seed=seed)

    def save(self, sheet: Sheet, rater: str, given: Sequence[float], *, way: Way = "rate", seed: int = 0) -> int:
        """Keep what a person gave: a value for each explanation that the sheet shows; see `jobs.ratings`."""
        from ..jobs.ratings import save

        return save(self.db, self.place, sheet, rater, given, way=way, seed=seed)
