"""A sample corpus out of what pip installs: an encyclopaedia, Python code, a manual, and one program in 20 languages.

    wikipedia  107 articles of the English Wikipedia, from gensim's test data (May 2016; text: CC BY-SA)
    python     modules of the standard library (PSF licence)
    manual     the topics of Python's reference that `help()` shows (PSF licence)
    django     the strings of Django's user interface in 20 languages (BSD, 3 clauses)

The texts stay where they were installed and in the file that is made of them; none is part of this project. Who
passes the file on passes on those licences, CC BY-SA's attribution and share-alike among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from neuronkb.ingest.features import installed
from neuronkb.ingest.features.po import messages

from .progress import Progress, silent
from .written import write_lines

CODE = 2_000_000
"""Characters of Python taken: two thirds as many as the encyclopaedia has."""
LANGUAGES = (
    *("ar", "cs", "de", "el", "es", "fi", "fr", "he", "hi", "hu"),
    *("id", "it", "ja", "ko", "nl", "pl", "pt_BR", "ru", "tr", "zh_Hans"),
)

Text = tuple[str, str]
"""Id and text."""


def sample_texts(out: Path, progress: Progress = silent) -> Path:
    """Write the texts to `out` as JSON lines of `id` and `text`, unless it is there: about 1.45 M tokens of Gemma's.

    The order is mixed and always the same, so that the beginning of the file is a sample of all of it. Code and manual
    are those of the running Python, so another version gives other texts. Raises FeatureError where a package is
    missing, CorpusError where the disk refuses.
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
    write_lines(out, ({"id": name, "text": text} for name, text in texts))
    progress(step, len(sources), len(sources))
    return out


def _wikipedia() -> Iterator[Text]:
    for title, text in installed.wikipedia():
        yield f"wikipedia/{title}", text


def _python() -> Iterator[Text]:
    left = CODE
    for name, text in installed.modules():
        if left > 0 and text.strip():
            left -= len(text)
            yield f"python/{name}", text


def _manual() -> Iterator[Text]:
    for name, text in installed.manual():
        yield f"manual/{name}", text


def _django() -> Iterator[Text]:
    root = installed.package("django")
    for language in LANGUAGES:
        for path in sorted(root.rglob(f"locale/{language}/LC_MESSAGES/*.po")):
            name = path.relative_to(root).as_posix().removesuffix(".po").replace("/LC_MESSAGES", "")
            yield f"django/{name}", "\n".join(messages(path.read_text(encoding="utf-8")))
