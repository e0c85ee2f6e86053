"""kb.runs: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..kinds import OfModel
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.catalogue.corpora import Runs as Listed
    from ..load.report import Removed

Job = Annotated[str | None, "Only runs of this job, such as lm-head"]


class Runs(Noun):
    """What was computed or imported, when and from what."""

    @verb()
    def list(self, *, job: Job = None, model: OfModel = None) -> Listed:
        """The runs in the store, with what their corpora are called."""
        from ...queries.catalogue.corpora import runs
        from ..load.keepsakes import told

        return told(runs(self.db, job, model))

    @verb(writes=True)
    def remove(self, run: Annotated[str, "The run, as runs list names it"]) -> Removed:
        """Take the evidence of a run out of the store; its bundle stays, and can be loaded again.

        What carries something that people put in stays too. Raises QueryError for a run that is not there.
        """
        from ..load.report import Removed
        from ..load.runs import remove_run
        from ..names import keep_names

        stayed = remove_run(self.db, run, self.progress)
        keep_names(self.place, self.db)
        return Removed(run, stayed)
