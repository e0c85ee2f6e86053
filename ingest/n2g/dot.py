"""Reads the drawings of the 2023 script: DOT text, its labels not always legal.

The drawing is lossy: wildcards are left out, equal tokens of one depth are one node, values are only told by colour.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...schema import PublishedError

SIZE = 16 * 2**20
"""Bytes a drawing may have."""
NODES = 100_000
THRESHOLDS = {"activating": max(0.0, 0.5 - 0.2), "context": max(0.1, 0.75 - 0.2)}
"""Where the script's colours begin: activation and importance threshold, each less 0.2."""

_EDGE = re.compile(r"(\d{1,9}) -> (\d{1,9})(?: \[.*\])?;?")
_NODE = re.compile(r"(\d{1,9}) \[label=(.*) fillcolor=\"#([0-9a-fA-F]{6})\"(.*)\];?", re.DOTALL)
_WIDTH = re.compile(r"\bpenwidth=(\d+)")
_END = "7"
"""Width of the border of a node on which a match ends."""


@dataclass(frozen=True)
class DrawnNode:
    """One box."""

    number: int
    token: str | None
    """as the script compares it; None where the label lost it, as it does square brackets"""
    activating: bool
    """drawn red: the neuron fires on it; else blue"""
    strength: float
    """activation of a red box, importance of a blue one, by its colour: within about 0.003, at least 0.3 and 0.55"""
    ends: bool | None
    """whether a match ends on it; None where it is not told"""


@dataclass(frozen=True)
class Drawing:
    """Boxes and what precedes what: (nearer to the firing token, further back)."""

    nodes: tuple[DrawnNode, ...]
    edges: tuple[tuple[int, int], ...]


def read_drawing(path: Path) -> Drawing:
    """A `graph` file. Raises PublishedError with file and line of what is no such drawing."""
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE + 1)
    except OSError as error:
        raise PublishedError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(data) > SIZE:
        raise PublishedError(f"{path}: larger than {SIZE >> 20} MiB; not a neuron's graph")
    return parse_drawing(data.decode("utf-8", "replace"), str(path))


def parse_drawing(text: str, name: str) -> Drawing:
    """The boxes and edges of DOT text; `name` is what errors call it. Raises PublishedError."""
    lines = text.split("\n")
    if not re.match(r"\s*(?:strict\s+)?digraph\b", text):
        raise PublishedError(f"{name}:1: expected a digraph, as the script writes it")
    if text.rstrip()[-1] != "}":
        raise PublishedError(f"{name}:{len(lines)}: it ends before its graph does: half-written")
    nodes: dict[int, DrawnNode] = {}
    edges: dict[tuple[int, int], None] = {}
    for number, line in _statements(lines):
        if edge := _EDGE.fullmatch(line):
            edges[int(edge[1]), int(edge[2])] = None
        elif found := _NODE.fullmatch(line):
            nodes[int(found[1])] = _node(found)
        elif not _plain(line):
            raise PublishedError(f"{name}:{number}: cannot read {line[:60]!r}")
        if max(len(nodes), len(edges)) > NODES:
            raise PublishedError(f"{name}:{number}: more than {NODES:,} nodes; not a neuron's graph")
    lost = next((end for edge in edges for end in edge if end not in nodes), None)
    if lost is not None:
        raise PublishedError(f"{name}: node {lost} is joined to others and never drawn")
    return Drawing(tuple(nodes[number] for number in sorted(nodes)), tuple(edges))


def _statements(lines: list[str]) -> Iterator[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(lines, 1))


def _plain(line: str) -> bool:
    """Whether a line only says how to draw."""
    return not line or line[-1] in "{}" or re.match(r"(?:graph|node|edge) \[|\w+=", line) is not None


def _node(found: re.Match[str]) -> DrawnNode:
    red, green, blue = (int(found[3][i : i + 2], 16) for i in (0, 2, 4))
    activating = red >= blue
    low = THRESHOLDS["activating" if activating else "context"]
    share = 1 - (green if activating else red) / 255
    width = _WIDTH.search(found[4])
    ends = width is not None and width[1] == _END
    return DrawnNode(int(found[1]), label_token(found[2]), activating, low + (1 - low) * share, ends)


def label_token(raw: str) -> str | None:
    """A label's token: quoted for DOT, before that as JSON has it; blanks stand in single quotes."""
    text = raw
    if len(raw) >= 2 and raw[0] == raw[-1] == '"':
        text = raw[1:-1].replace('\\"', '"')
    text = text.replace("\\\\", "\\")
    if re.fullmatch(r"' +'", text):
        return text[1:-1]
    try:
        decoded = json.loads('"' + text.replace('"', '\\"') + '"')
    except ValueError:
        decoded = text
    return str(decoded) or None
