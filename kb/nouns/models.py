"""kb.models: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds import StoredModel
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.answers.model_report import ModelReport
    from ...queries.answers.models import Models as Listed
    from ...queries.answers.overview import Overview


class Models(Noun):
    """The models in the store."""

    @verb(agent=True)
    def list(self) -> Listed:
        """The models in the store with their sizes, bases, and the evidence there is of them."""
        from ...queries.answers.models import models

        return models(self.db)

    @verb(agent=True)
    def overview(self) -> Overview:
        """The store at a glance: models under their bases, what is known of each, what is lacking, and what came last.

        Counts are kept beside the store, and made anew where runs came or went.
        """
        from ..jobs.overview import overview

        return overview(self.session)

    @verb(agent=True)
    def show(self, model: StoredModel) -> ModelReport:
        """One model at a glance: what methods found in each layer, its base and fine-tunes, concepts, reports and runs.

        Counts are kept beside the store, and made anew where runs came or went. Raises QueryError.
        """
        from ..jobs.overview import show

        return show(self.session, model)
