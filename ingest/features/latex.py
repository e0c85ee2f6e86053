"""LaTeX: fractions, scripts, mathematics, titles and references in texts that hold formulas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .data_set import FeatureSet
from .data_source import docstrings
from .feature import Feature
from .header import Header
from .installed import Text, mixed, version
from .record import Record, Span

PACKAGES = ("scipy", "numpy", "sklearn", "torch", "sympy", "networkx")
SIZE = 1200
"""Characters of a text."""
TEXTS = 900
MIRRORS = {
    "is_numerator": "is_denominator",
    "is_denominator": "is_numerator",
    "is_subscript": "is_superscript",
    "is_superscript": "is_subscript",
    "is_inline_math": "is_display_math",
    "is_display_math": "is_inline_math",
}
"""Half of the negatives of a class are of its mirror class, as published."""
ALL = (
    *MIRRORS,
    *("is_frac", "is_math", "is_title", "is_reference", "is_abstract", "is_author", "is_greek_letter", "is_command"),
)

_INLINE_RST = re.compile(r":math:`([^`]+)`")
_DISPLAY_RST = re.compile(
    r"^([ \t]*)\.\. math::[ \t]*([^\n]*\n(?:(?:\1[ \t]+[^\n]*)?\n|\1[ \t]+[^\n]*$)*)", re.MULTILINE
)
_TITLE_RST = re.compile(r"^([ \t]*)(\S[^\n]*)\n\1([-=~^])\3{2,}[ \t]*$", re.MULTILINE)
_REFERENCE_RST = re.compile(r"\[[\w.]{1,12}\]_")

_ENVIRONMENTS = r"(equation|align|gather|multline|eqnarray|displaymath|math)\*?"
_DISPLAY_TEX = re.compile(
    rf"\\begin\{{{_ENVIRONMENTS}\}}(.*?)\\end\{{\1\*?\}}|\\\[(.*?)\\\]|(?<!\\)\$\$(.+?)(?<!\\)\$\$", re.DOTALL
)
_INLINE_TEX = re.compile(r"\\\((.+?)\\\)|(?<![\\$])\$(?!\$)([^$]+?)(?<!\\)\$", re.DOTALL)
_REFERENCE_TEX = re.compile(r"\\(?:cite[a-z]*|ref|eqref|autoref|cref)\*?(?:\[[^\]]*\])?\{([^{}]*)\}")
_ABSTRACT_TEX = re.compile(r"\\begin\{abstract\}(.*?)\\end\{abstract\}", re.DOTALL)
_BRACED_TEX = {"is_title": r"\\title\*?", "is_author": r"\\author\*?"}

_FRACTION = re.compile(r"\\[dt]?frac\s*(?=\{)")
_SCRIPT = re.compile(r"(?<!\\)([_^])\s*")
_ATOM = re.compile(r"\\[A-Za-z]+|\S")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_GREEK = re.compile(
    r"\\(?:var)?(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|"
    r"chi|psi|omega)(?![A-Za-z])",
    re.IGNORECASE,
)


def build(seed: int) -> FeatureSet:
    """Docstrings of numerical packages, which write their formulas in LaTeX inside reStructuredText."""
    header = Header(
        "latex",
        dataset=f"docstrings of {version('scipy', 'numpy', 'scikit-learn', 'torch', 'sympy', 'networkx')}",
        at="every",
        share=0.25,
        tokens=60_000,
        seed=seed,
        provenance="regular expressions over docstrings: no papers, so that there are no authors and abstracts; titles "
        "are underlined section headings, references are [1]_; every token wholly inside is labelled",
        licence="BSD-3-Clause and MIT (the packages)",
    )
    return from_texts(_documents(), header)


def _documents() -> Iterator[Text]:
    """Docstrings with a formula; the file is the document, since functions of one file repeat each other."""
    found = {}
    for name in PACKAGES:
        for place, text in docstrings(name, (":math:", ".. math::")):
            if _INLINE_RST.search(text) or _DISPLAY_RST.search(text):
                found[place] = text
    for place in mixed(found)[:TEXTS]:
        yield place.partition(":")[0], found[place]


def from_texts(texts: Iterable[Text], header: Header) -> FeatureSet:
    """The spans of each text, LaTeX or reStructuredText, cut to pieces between paragraphs."""
    records = [
        Record(piece, group, spans=tuple(_inside(spans, start, start + len(piece))))
        for group, text in texts
        for spans in [find(text)]
        for start, piece in _pieces(text)
    ]
    seen = {name for record in records for span in record.spans for name in span.names}
    features = tuple(
        Feature(name, negatives="rest", mirror=mirror if (mirror := MIRRORS.get(name)) in seen else None)
        for name in ALL
        if name in seen
    )
    return FeatureSet.make(replace(header, features=features), records)


def find(text: str) -> list[Span]:
    """All spans of a text, in no order."""
    places: list[tuple[int, int, str]] = []
    formulas: list[tuple[int, int]] = []
    for name, found in (("is_display_math", _display(text)), ("is_inline_math", _inline(text))):
        for start, end in found:
            if not any(a < end and start < b for a, b in formulas) and text[start:end].strip():
                formulas.append((start, end))
                places += [(start, end, name), (start, end, "is_math")]
    for start, end in formulas:
        places += formula(text, start, end)
    places += [(*match.span(2), "is_title") for match in _TITLE_RST.finditer(text)]
    places += [(*match.span(), "is_reference") for match in _REFERENCE_RST.finditer(text)]
    places += [(*match.span(1), "is_reference") for match in _REFERENCE_TEX.finditer(text)]
    places += [(*match.span(1), "is_abstract") for match in _ABSTRACT_TEX.finditer(text)]
    for name, pattern in _BRACED_TEX.items():
        for match in re.finditer(pattern + r"(?:\[[^\]]*\])?(?=\{)", text):
            end = closing(text, match.end(), len(text))
            places.append((match.end() + 1, end - 1, name))
    return [Span(start, end, (name,)) for start, end, name in places if end > start]


def _display(text: str) -> Iterator[tuple[int, int]]:
    for match in _DISPLAY_RST.finditer(text):
        yield match.span(2)
    for match in _DISPLAY_TEX.finditer(text):
        yield match.span(next(n for n in (2, 3, 4) if match[n] is not None))


def _inline(text: str) -> Iterator[tuple[int, int]]:
    for match in _INLINE_RST.finditer(text):
        yield match.span(1)
    for match in _INLINE_TEX.finditer(text):
        yield match.span(1 if match[1] is not None else 2)


def formula(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Fractions with their parts, scripts, commands and Greek letters of a formula, braces not included."""
    for match in _FRACTION.finditer(text, start, end):
        middle = closing(text, match.end(), end)
        last = closing(text, middle, end) if text[middle : middle + 1] == "{" else middle
        if last > middle:
            yield match.start(), last, "is_frac"
            yield match.end() + 1, middle - 1, "is_numerator"
            yield middle + 1, last - 1, "is_denominator"
    for match in _SCRIPT.finditer(text, start, end):
        name = "is_subscript" if match[1] == "_" else "is_superscript"
        if text[match.end() : match.end() + 1] == "{":
            yield match.end() + 1, closing(text, match.end(), end) - 1, name
        elif atom := _ATOM.match(text, match.end(), end):
            yield *atom.span(), name
    for match in _COMMAND.finditer(text, start, end):
        yield *match.span(), "is_command"
    for match in _GREEK.finditer(text, start, end):
        yield *match.span(), "is_greek_letter"


def closing(text: str, start: int, end: int) -> int:
    """The place after the brace that closes the one at `start`; `start` where none does before `end`."""
    depth = 0
    for place in range(start, end):
        if text[place] in "{}" and text[place - 1] != "\\":
            depth += 1 if text[place] == "{" else -1
            if not depth:
                return place + 1
    return start


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Place and text of pieces of about SIZE characters, cut at line ends."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start + 1, start + SIZE) if start + SIZE < len(text) else len(text)
        end = end if end > start else min(len(text), start + SIZE)
        yield start, text[start:end]
        start = end


def _inside(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """The parts of spans that lie in a piece, counted from its start."""
    for span in spans:
        a, b = max(span.start, start), min(span.end, end)
        if a < b:
            yield Span(a - start, b - start, span.names)
