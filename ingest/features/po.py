"""Translations in gettext's .po files."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENTRY = re.compile(
    r'^(?:msgctxt (?P<context>(?:"(?:[^"\\]|\\.)*"\s*\n)+))?'
    r'msgid (?P<id>(?:"(?:[^"\\]|\\.)*"\s*\n)+)'
    r'(?:msgid_plural (?:"(?:[^"\\]|\\.)*"\s*\n)+)?'
    r'msgstr(?:\[0\])? (?P<text>(?:"(?:[^"\\]|\\.)*"\n?)+)',
    re.MULTILINE,
)
_MESSAGE = re.compile(r'^msgstr(?:\[\d+\])? ((?:"(?:[^"\\]|\\.)*"\n?)+)', re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")


CONTEXT = "\x04"
"""Between a message's context and the message."""


def entries(text: str) -> Iterator[tuple[str, str]]:
    """Message id, behind its context and CONTEXT, and translation, plural forms apart; without the file's header.

    Entries that are marked fuzzy, which nobody has checked, are left out.
    """
    for match in _ENTRY.finditer(text):
        start = text.rfind("\n\n", 0, match.start())
        fuzzy = re.search(r"^#,.*\bfuzzy\b", text[start + 1 : match.start()], re.MULTILINE)
        message, translation = unquote(match["id"]), unquote(match["text"])
        if message and translation.strip() and not fuzzy:
            context = unquote(match["context"] or "")
            yield (f"{context}{CONTEXT}{message}" if context else message), translation


def messages(text: str) -> Iterator[str]:
    """The translations in a .po file, plural forms too, in its order, without its header."""
    for number, match in enumerate(_MESSAGE.finditer(text)):
        whole = unquote(match[1])
        if number and whole.strip():
            yield whole


def unquote(quoted: str) -> str:
    """What a sequence of quoted lines says."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)
    return _ESCAPE.sub(lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), "".join(parts))
