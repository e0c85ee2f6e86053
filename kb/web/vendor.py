"""The files that pages use: ours, and of libraries (an editor, a graph that one can move) out of their wheels."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from ...queries.drawing import section_style

PLACES = {
    "ace": ("django-ace", "django_ace/static/django_ace/ace"),
    "vis": ("pyvis", "pyvis/lib/vis-9.1.2"),
}
"""Where the files of each lie, by package and folder."""
FILES = {"ace": ("ace.js", "ext-language_tools.js"), "vis": ("vis-network.min.js", "vis-network.css")}
"""What pages ask for; nothing else is given."""


def vendor_file(path: str) -> Path | None:
    """The file `ace/ace.js` of an installed package, which is not imported; None where there is none."""
    library, _, name = path.partition("/")
    if name not in FILES.get(library, ()):
        return None
    package, folder = PLACES[library]
    try:
        found = Path(str(distribution(package).locate_file(f"{folder}/{name}")))
    except PackageNotFoundError:
        return None
    return found if found.is_file() else None


def own_files(static: bool = False) -> dict[str, str]:
    """The texts of the files that pages use, by name; of a site without what only a server's pages use."""
    folder = files(__package__).joinpath("static")
    ours = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith((".js", ".css"))}
    if static:
        ours = {name: text for name, text in ours.items() if not name.startswith("cypher")}
    return {"record.css": section_style(), **ours}
