"""A sample corpus out of what pip installs: an encyclopaedia, Python code, a manual, and one program in 20 languages.

    wikipedia  107 articles of the English Wikipedia, from gensim's test data (May 2016; text: CC BY-SA)
    python     modules of the standard library (PSF licence)
    manual     the topics of Python's reference that `help()` shows (PSF licence)
    django     the strings of Django's user interface in 20 languages (BSD, 3 clauses)

The texts stay where they were installed and in the file that is made of them; none is part of this project. Who
passes the file on passes on those licences, CC BY-SA's attribution and share-alike among them.
"""

from __future__ import annotations

import bz2
import hashlib
import importlib.util
import json
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from neuronkb.schema.errors import CorpusError

from .progress import Progress, silent

CODE = 2_000_000
"""Characters of Python taken: two thirds as many as the encyclopaedia has."""
LANGUAGES = (
    *("ar", "cs", "de", "el", "es", "fi", "fr", "he", "hi", "hu"),
    *("id", "it", "ja", "ko", "nl", "pl", "pt_BR", "ru", "tr", "zh_Hans"),
)

_DUMP = "test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_NOT_CODE = ("test", "tests", "idlelib", "lib2to3", "encodings", "pydoc_data", "site-packages", "dist-packages")
"""Folders of the standard library that hold tests, tables or other people's packages."""
_MESSAGE = re.compile(r'^msgstr(?:\[\d+\])? ((?:"(?:[^"\\]|\\.)*"\n?)+)', re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")

Text = tuple[str, str]
"""Id and text."""


def sample_texts(out: Path, progress: Progress = silent) -> Path:
    """Write the texts to `out` as JSON lines of `id` and `text`, unless it is there: about 1.45 M tokens of Gemma's.

    The order is mixed and always the same, so that the beginning of the file is a sample of all of it. Code and manual
    are those of the running Python, so another version gives other texts. Raises CorpusError where a package is
    missing or the disk refuses.
    """
    if out.exists():
        return out
    step, sources = "Collecting sample texts", (_wikipedia, _python, _manual, _django)
    texts: list[Text] = []
    for number, source in enumerate(sources):
        progress(step, number, len(sources))
        texts += source()
    # The mark of a hash is as good as a random order, and needs no seed.
    texts.sort(key=lambda text: hashlib.sha256(text[0].encode()).digest())
    partial = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n" for name, text in texts)
        partial.replace(out)
    except OSError as error:
        raise CorpusError(f"{str(out)!r} cannot be written ({error.strerror or error}); choose another place") from None
    progress(step, len(sources), len(sources))
    return out


def _wikipedia() -> Iterator[Text]:
    dump = _package("gensim") / _DUMP
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    if not dump.exists():
        raise CorpusError(f"gensim's test data has no {dump.name}: pip install --force-reinstall gensim")
    for title, markup, _ in extract_pages(bz2.BZ2File(dump), filter_namespaces=("0",)):
        if not markup.lstrip().lower().startswith("#redirect"):
            yield f"wikipedia/{title}", clean(filter_wiki(markup))


def clean(text: str) -> str:
    """What gensim leaves of an article without marks of emphasis, headings and lists, and without scraps of tables."""
    text = re.sub(r"'{2,}", "", text)
    lines = (re.sub(r"^(=+)\s*(.*?)\s*\1$|^[*#:;]+\s*", r"\2", line.strip()) for line in text.splitlines())
    # Cells of tables and captions are short, and so are headings: what is left is sentences.
    kept = (re.sub(r"\s+([.,;:)])", r"\1", re.sub(r"[ \t]+", " ", line)) for line in lines)
    return "\n".join(line for line in kept if len(line) >= 40)


def _python() -> Iterator[Text]:
    root = Path(sysconfig.get_path("stdlib"))
    paths = [path.relative_to(root) for path in root.rglob("*.py")]
    names = sorted(path.as_posix() for path in paths if not set(path.parts) & set(_NOT_CODE))
    names.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    left = CODE
    for name in names:
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        if left > 0 and text.strip():
            left -= len(text)
            yield f"python/{name}", text


def _manual() -> Iterator[Text]:
    from pydoc_data.topics import topics

    for name, text in topics.items():
        yield f"manual/{name}", text


def _django() -> Iterator[Text]:
    root = _package("django")
    for language in LANGUAGES:
        for path in sorted(root.rglob(f"locale/{language}/LC_MESSAGES/*.po")):
            name = path.relative_to(root).as_posix().removesuffix(".po").replace("/LC_MESSAGES", "")
            yield f"django/{name}", "\n".join(messages(path.read_text(encoding="utf-8")))


def messages(text: str) -> Iterator[str]:
    """The translations in a .po file, in its order, without its header."""
    for number, match in enumerate(_MESSAGE.finditer(text)):
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"', match[1])
        whole = _ESCAPE.sub(lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), "".join(parts))
        if number and whole.strip():
            yield whole


def _package(name: str) -> Path:
    """Where an installed package lies, without importing it. Raises CorpusError."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CorpusError(f"the sample texts need the package {name!r}: pip install 'neuronkb[dev]'")
    return Path(next(iter(spec.submodule_search_locations)))
