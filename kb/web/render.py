"""Pages as HTML: Jinja's templates, which escape whatever they are given, around the one drawing of sections."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from ...queries.drawing import section_html
from ...schema import StoreError
from ...schema.visible import plain
from .address import Addresses
from .page import Block, Page
from .recorded import Statement

if TYPE_CHECKING:
    from jinja2 import Environment

    from ..search.records import Reason


@cache
def _environment() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise StoreError("pages need jinja2: pip install 'neuronkb[web]'") from None
    loader = PackageLoader(__package__, "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["plain"] = lambda text: plain(str(text))
    made.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=1, default=str)
    made.filters["body"] = lambda text: Statement(str(text), {}).body
    made.filters["poles"] = poles
    made.filters["nearest"] = nearest
    return made


def poles(reasons: Iterable[Reason]) -> str:
    """Of which poles a hit's reasons are: `+`, `-`, both or none."""
    found = {one.pole for one in reasons if one.pole is not None}
    return "".join(sign for sign, pole in (("+", 1), ("-", -1)) if pole in found)


def nearest(reasons: Iterable[Reason]) -> float | str:
    """The largest cosine of a hit's reasons; empty where none has one."""
    return max((one.cosine for one in reasons if one.cosine is not None), default="")


def html(page: Page, to: Addresses, models: Collection[str], **more: Any) -> str:
    """A whole document. `models` are the store's, `more` what the frame around every page needs."""
    from markupsafe import Markup

    link = to.link(models, page.model, page.tuned)

    def drawn(block: Block, number: int) -> list[dict[str, Any]]:
        return [
            {
                "id": f"s{number}-{place}",
                "caption": section.caption,
                "html": Markup(section_html(section, f"s{number}-{place}", link=link)),
                "statements": [one for one in block.statements if one.name in section.of],
            }
            for place, section in enumerate(block.sections)
        ]

    template = _environment().get_template(f"{page.template}.html")
    return template.render({"page": page, "to": to, "drawn": drawn, **more, **page.more})
