"""Folders of evidence: into the store, and whether they are sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...ingest.bundle import Bundle
from ..names import keep_names
from ..session import Session
from .loader import load_all
from .report import BundleCheck, LoadReports
from .write import clash_of


def load_bundles(
    session: Session,
    bundles: Bundle | str | Path | Sequence[Bundle | str | Path],
    replaces: bool = False,
    alongside: bool = False,
) -> LoadReports:
    """The work of `kb.bundles.load`: opened bundles, or their folders."""
    given = [bundles] if isinstance(bundles, Bundle | str | Path) else bundles
    opened = [bundle if isinstance(bundle, Bundle) else Bundle.open(bundle) for bundle in given]
    loads = load_all(session.store, opened, session.progress, clash_of(replaces, alongside))
    keep_names(session.place, session.store)
    return LoadReports(tuple(loads))


def check_bundle(folder: Path) -> BundleCheck:
    """The work of `kb.bundles.check`. Raises BundleError for a folder that is no bundle."""
    bundle = Bundle.open(folder)
    return BundleCheck(str(folder), bundle.run, len(bundle.shards), bundle.rows, tuple(bundle.check()))
