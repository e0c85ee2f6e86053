"""Programming language: which language a piece of a source file is in."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from ...schema import FeatureError
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import mixed, package, version
from .record import Record

STDLIB, INCLUDE = "the standard library", "Python's headers"
LANGUAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "C": ((".c", ".h"), (INCLUDE, "numpy", "mypyc")),
    "C++": ((".cc", ".cpp", ".hpp", ".h"), ("pyarrow",)),
    "CMake": ((".cmake",), ("torch", "pyarrow", "nvidia")),
    "CSS": ((".css",), ("django", "matplotlib", "sklearn")),
    "CUDA": ((".cuh",), ("torch",)),
    "Cython": ((".pyx",), ("sklearn", "spacy", "gensim", "thinc")),
    "gettext": ((".po",), ("django",)),
    "HTML": ((".html",), ("django", "matplotlib")),
    "JavaScript": ((".js",), ("django", "matplotlib")),
    "Markdown": ((".md",), ("arcadedb_embedded", "sentence_transformers", "huggingface_hub", "django")),
    "Python": ((".py",), (STDLIB,)),
    "stubs": ((".pyi",), ("numpy", "mypy")),
    "XML": ((".svg", ".xml"), ("django", "matplotlib")),
}
"""Endings and the packages that ship such files: published names where there are any. A package that is not installed
gives no files."""
FILES, PIECES = 80, 80
"""Files looked at, and pieces taken, of a language; where files are few, up to PER_FILE pieces of each."""
PER_FILE = 3
SIZE = 330
"""Characters of a piece: more than a window of 64 tokens in most languages."""
_LARGEST = 2**20
"""Bytes of a file; larger ones are made by machines."""


def build(seed: int) -> FeatureSet:
    """Source files of installed packages."""
    header = Header(
        "programming_language",
        dataset=f"{version('django', 'numpy', 'pyarrow', 'spacy', 'scikit-learn')} and what else is installed",
        features=(),
        aggregation="mean",
        share=None,
        length=64,
        least=20,
        tokens=70_000,
        seed=seed,
        provenance="pieces from the middle of source files, so that licence headers are rare; a file is a group; HTML "
        "is mostly Django's templates, XML is SVG, Markdown is documentation and licences, `stubs` are Python's types, "
        "gettext holds strings in many languages",
        licence="those of the packages: BSD, Apache-2.0, MIT, PSF",
    )
    return from_files({name: list(files(name)) for name in LANGUAGES}, header, seed)


def files(language: str) -> Iterator[Path]:
    """Files of a language, in mixed order."""
    endings, packages = LANGUAGES[language]
    found: dict[str, Path] = {}
    for name in packages:
        root = _root(name)
        if root is not None and root.is_dir():
            for path in root.rglob("*"):
                if path.suffix in endings and "site-packages" not in path.relative_to(root).parts:
                    found[f"{name}/{path.relative_to(root).as_posix()}"] = path
    for name in mixed(found)[: 4 * FILES]:
        yield found[name]


def _root(name: str) -> Path | None:
    if name == STDLIB:
        return Path(sysconfig.get_path("stdlib"))
    if name == INCLUDE:
        return Path(sysconfig.get_path("include"))
    try:
        return package(name)
    except FeatureError:
        return None


def from_files(found: Mapping[str, Sequence[Path]], header: Header, seed: int) -> FeatureSet:
    """Pieces of each language's files. Raises FeatureError where no file can be used."""
    names = [name for name in found if found[name]]
    records = []
    for name in names:
        labels = {other: other == name for other in names}
        records += [
            Record(text, group, labels) for group, text in _pieces(found[name], random.Random(f"{seed} {name}"))
        ]
    features = tuple(Feature(name) for name in names)
    return FeatureSet.make(replace(header, features=features), records)


def _pieces(paths: Sequence[Path], rng: random.Random) -> Iterator[tuple[str, str]]:
    """Group and text of up to PIECES pieces: one of each file, then another of each."""
    texts = {"/".join(path.parts[-3:]): text for path in paths[: 2 * FILES] if (text := _text(path))}
    taken: dict[str, list[int]] = {name: [] for name in list(texts)[:FILES]}
    left = PIECES
    for _ in range(PER_FILE):
        for name, before in taken.items():
            starts = [n for n in _starts(texts[name]) if all(abs(n - other) >= SIZE for other in before)]
            start = rng.choice(starts) if starts else 0
            piece = texts[name][start : start + SIZE]
            if left and starts and len(piece.strip()) > SIZE // 3:
                before.append(start)
                left -= 1
                yield name, piece


def _starts(text: str) -> list[int]:
    """Where lines begin that a whole piece follows, behind the first ones, which often are a licence."""
    starts = list(accumulate((len(line) for line in text.splitlines(keepends=True)), initial=0))[:-1]
    later = starts[min(25, len(starts) // 3) :]
    return [start for start in later if start + SIZE <= len(text)] or later[:1]


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()[:_LARGEST]
    except OSError:
        return ""
    text = data.decode("utf-8", errors="ignore")
    return text if len(text) > SIZE and "\0" not in text else ""
