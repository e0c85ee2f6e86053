"""A picture read back: what is drawn where, and what it says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from neuronkb.queries.drawing.svg import Svg

NAME = "{http://www.w3.org/2000/svg}"
Spot = tuple[float, float]


def read(picture: Svg) -> list[ElementTree.Element]:
    """Every element of the file, names without their space."""
    elements = list(ElementTree.fromstring(picture.file()).iter())
    for each in elements:
        each.tag = each.tag.removeprefix(NAME)
    return elements


def words(picture: Svg) -> list[str]:
    """Texts in order."""
    return ["".join(each.itertext()) for each in read(picture) if each.tag == "text"]


def tips(picture: Svg) -> list[str]:
    """What marks say when they are pointed at."""
    return [each.text or "" for each in read(picture) if each.tag == "title"]


def place(picture: Svg, text: str) -> Spot:
    """Where the one text with these words stands."""
    (found,) = (each for each in read(picture) if each.tag == "text" and "".join(each.itertext()) == text)
    return float(found.attrib["x"]), float(found.attrib["y"])


def paths(picture: Svg, **attributes: str) -> list[str]:
    """The paths with these attributes."""
    given = {name.replace("_", "-"): value for name, value in attributes.items()}
    return [
        each.attrib["d"]
        for each in read(picture)
        if each.tag == "path" and all(each.get(name) == value for name, value in given.items())
    ]


def spots(path: str) -> list[Spot]:
    """The corners of a path of M and L."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path)]
