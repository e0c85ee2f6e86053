"""What went wrong, kept over interruptions."""

from __future__ import annotations

import json
from pathlib import Path

from neuronkb.ingest.explain.tally import Tallies, Tally


def test_counts_are_kept_and_summed(tmp_path: Path) -> None:
    kept = Tallies.open(tmp_path / "unfinished" / "run.json")
    tally = Tally(sides=3)
    tally.fail("judge", {"no answer": 2})
    kept.keep("L000", tally)
    again = Tallies.open(kept.path)
    assert again.found == {"L000": tally}
    assert again.total(["L000"])["failures"] == {"judge: no answer": 2}
    assert again.total([])["sides"] == 0


def test_a_key_that_an_older_release_kept_is_taken_out(tmp_path: Path) -> None:
    key = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345"
    (tmp_path / "run.json").write_text(json.dumps({"L000": {"sides": 1, "failures": {f"explainer: no {key}": 2}}}))
    kept = Tallies.open(tmp_path / "run.json")
    assert kept.total(["L000"])["failures"] == {"explainer: no …": 2}
    tally = Tally()
    tally.fail("explainer", {f"no {key}": 1})
    kept.keep("L001", tally)
    assert key not in kept.path.read_text()
