"""kb.findings: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..kinds import About, NodeIds, OfModel, StoredModel, Weights
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.answers.findings import Finding, FindingCard
    from ...queries.answers.findings import Findings as Listed
    from ..jobs.findings import CarryReport, FindingRemoved

FindingId = Annotated[str, "A finding's id, or the beginning of it"]


class Findings(Noun):
    """What people noted about neurons, and what became of it in a fine-tune."""

    @verb(writes=True, agent=True)
    def add(
        self,
        text: Annotated[str, "What was found"],
        about: About,
        *,
        author: Annotated[str | None, "Who says so, unless git's user.name, else yours"] = None,
        evidence: Annotated[NodeIds, "A node or run that it rests on; again for more"] = (),
    ) -> Finding:
        """Note a text about neurons of one model. The same note again changes nothing.

        Raises QueryError for a neuron or evidence that is not there, or an empty text.
        """
        from ..jobs.findings import add_finding

        return add_finding(self.db, text, about, author, evidence)

    @verb(agent=True)
    def list(self, *, model: OfModel = None) -> Listed:
        """All findings, oldest first, or those about a model's neurons. Raises QueryError for an unknown model."""
        from ...queries.answers.findings import listed

        return listed(self.db, model)

    @verb()
    def show(self, finding: FindingId) -> FindingCard:
        """One finding, and everything that became of it. Raises QueryError."""
        from ...queries.answers.findings import finding_card

        return finding_card(self.db, finding)

    @verb(needs="weights", writes=True, agent=True)
    def carry(
        self,
        base: StoredModel,
        tuned: StoredModel,
        *,
        base_weights: Weights = None,
        tuned_weights: Weights = None,
        preview: Annotated[bool, "Judge, and store nothing"] = False,
    ) -> CarryReport:
        """What became of every finding about a base in its fine-tune: holds, weakened, moved, lost or untested.

        The two must be linked. Again when there is more evidence: earlier verdicts stay, marked as superseded. Raises
        LinkError, QueryError.
        """
        from ..jobs.findings import carry

        return carry(self.session, base, tuned, (base_weights, tuned_weights), preview)

    @verb(writes=True)
    def remove(self, finding: FindingId) -> FindingRemoved:
        """Take a finding away with everything that became of it. Raises QueryError."""
        from ..jobs.findings import remove_finding

        return remove_finding(self.db, finding)
