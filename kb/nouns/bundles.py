"""kb.bundles: see its class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..kinds import Alongside, Files, Replace
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..load.report import BundleCheck, LoadReports


class Bundles(Noun):
    """Evidence on disk: a folder a run."""

    @verb(writes=True, begins=True)
    def load(self, bundles: Files, *, replace: Replace = False, alongside: Alongside = False) -> LoadReports:
        """Load folders of evidence in whatever order they are named; one that is in already changes nothing.

        Nothing is written before all of them are checked. Raises BundleError, SchemaError, RunError or WeightsError.
        """
        from ..load.bundles import load_bundles

        return load_bundles(self.session, bundles, replace, alongside)

    @verb(needs="nothing")
    def check(self, folder: Annotated[Path, "Folder of the bundle"]) -> BundleCheck:
        """Check every file of a bundle; exit code 1 where one is damaged or missing. Raises BundleError."""
        from ..load.bundles import check_bundle

        return check_bundle(folder)
