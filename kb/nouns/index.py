"""kb.index: see its class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..kinds import Embedder
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..search.matrix import Built
    from ..search.records import Behind

Folder = Annotated[Path | None, "Where the matrix lies, unless in the store"]


class Index(Noun):
    """The matrix that search by meaning asks: kept in step with the store by itself, or by hand."""

    @verb(writes=True)
    def build(
        self,
        *,
        embedder: Embedder = None,
        folder: Folder = None,
        whole: Annotated[bool, "Read every file again and mend what is damaged"] = False,
    ) -> Built:
        """Bring the search matrix in step with the store. Needs the embeddings extra. Raises ModelError, QueryError."""
        return self.session.search.build(embedder=embedder, folder=folder, whole=whole, progress=self.progress)

    @verb()
    def status(self, *, embedder: Embedder = None, folder: Folder = None) -> Behind:
        """What the search matrix does not have yet, and how long making it takes. Raises ModelError."""
        return self.session.search.behind(embedder=embedder, folder=folder)
