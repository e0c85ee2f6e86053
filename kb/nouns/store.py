"""kb.store: see its class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...schema.errors import StoreError
from ...schema.secrets import hidden
from ..kinds import Files
from ..place import is_uri
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..load.soundness import Soundness
    from ..stores.base import Status, Stopped
    from ..stores.import_files import ImportPlan


class StoreNoun(Noun):
    """The store itself: where it is, whether it is whole, its server."""

    @verb(agent=True)
    def status(self) -> Status:
        """Where the store is, how big, which server, and how much of what is in it."""
        return self.db.status()

    @verb(writes=True)
    def check(
        self, *, mend: Annotated[bool, "Put right what can be: delete doubled rows, load what is missing"] = False
    ) -> Soundness:
        """Whether the store is whole; exit code 1 where something is doubled, cut off, without its run or missing."""
        from ..load.soundness import check_store

        return check_store(self.db, self.place, mend, self.progress)

    @verb(needs="place", writes=True)
    def stop(self) -> Stopped:
        """Stop a local store's server; it starts again when the store is next opened.

        Raises StoreError for a store that is no folder.
        """
        from ..stores.base import Stopped
        from ..stores.local import stop

        if is_uri(self.place.where):
            raise StoreError(f"{hidden(self.place.where)!r} is no local store; stop its server where it runs")
        return Stopped(self.place.where, stop(Path(self.place.where)))

    @verb(needs="nothing")
    def import_files(
        self,
        bundles: Files,
        *,
        out: Annotated[Path, "Folder to write to"],
        alongside: Annotated[bool, "Keep several runs of a job on one model beside each other"] = False,
    ) -> ImportPlan:
        """Write bundles as Parquet for neo4j-admin, and the command that imports them into an empty Neo4j.

        The database is the one that loading them makes: what several bundles hold is there once.
        """
        from ..load.import_files import import_files

        return import_files(
            [Path(bundle) for bundle in ([bundles] if isinstance(bundles, str | Path) else bundles)],
            out,
            self.progress,
            alongside=alongside,
        )
