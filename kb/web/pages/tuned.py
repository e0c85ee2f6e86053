"""What a fine-tune did to the neurons of its base."""

from __future__ import annotations

from collections.abc import Mapping

from ....queries.drawing import record_page
from ..page import Desk, Page, Saved


def tuned(desk: Desk, given: Mapping[str, str]) -> Page | Saved:
    """The report of a link, also as one file to mail; which models are linked where none was chosen."""
    pairs = desk.pairs()
    base, name = given.get("base"), given.get("tuned")
    more = {"pairs": pairs, "base_model": base, "tuned_model": name}
    if base is None or name is None:
        return Page("tuned", "Fine-tunes", more=more)
    block = desk.ask("links report", base=base, tuned=name)
    if given.get("format") == "file" and (report := block.record) is not None:
        return Saved(record_page(report.title, report.lead, report.sections()), f"{name}.html")
    return Page("tuned", f"{name} beside {base}", [block], model=base, tuned=name, more=more, of_store=True)
