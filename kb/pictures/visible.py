"""Token text as a person can see it, whatever a stranger put in it."""

from __future__ import annotations

import unicodedata

SPACE = "·"
"""stands for a leading space"""
_NAMED = {"\n": "⏎", "\t": "⇥", "\r": "␍"}
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}


def visible(token: str) -> str:
    """A token with its leading spaces as `·`, and what cannot be seen or would steer a terminal or a page as text.

    Line breaks and tabs become ⏎ ⇥ ␍; other control and format characters, direction overrides and lone surrogates
    their code as `<U+202E>`. The joiners of emoji and of Indic and Persian writing stay.
    """
    rest = token.lstrip(" ")
    return SPACE * (len(token) - len(rest)) + plain(rest)


def plain(text: str) -> str:
    """The same without the marks for leading spaces."""
    return text if text.isprintable() else "".join(map(_seen, text))


def _seen(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if letter in _JOINERS or unicodedata.category(letter) not in _UNSEEN:
        return letter
    return f"<U+{ord(letter):04X}>"
