"""Text from outside as a person can see it: what would steer a terminal or hide on a page stands as a mark."""

from __future__ import annotations

import re
import unicodedata

SPACE = "·"
"""stands for a leading space"""
_NAMED = {"\n": "⏎", "\t": "⇥", "\r": "␍"}
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufdd0-\ufdef\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""Letters and marks that draw nothing, whatever their category."""
_JOINERS = re.compile("[\u200c\u200d]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINED = {"Lo", "Mn", "Mc", "So", "Sk"}
"""What a joiner or selector can follow: emoji, and letters of scripts that join or have variants."""
_USUAL = " -~\xa1-\xac\xae-\u034e\u0370-\u05ff\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3"
_ODD = re.compile(f"[^{_USUAL}]")
_ODD_IN_LINES = re.compile(f"(?!\r\n)[^\n\t{_USUAL}]")


def visible(token: str) -> str:
    """A token with its leading spaces as `·`, and what cannot be seen or would steer a terminal or a page as text.

    Line breaks and tabs become ⏎ ⇥ ␍; other control and format characters, direction overrides, letters that draw
    nothing and lone surrogates their code as `<U+202E>`. Joiners and selectors stay where they belong: in emoji, and
    in Indic, Persian and Chinese writing.
    """
    rest = token.lstrip(" ")
    return SPACE * (len(token) - len(rest)) + plain(rest)


def plain(text: str) -> str:
    """The same without the marks for leading spaces."""
    return _ODD.sub(_mark, text)


def marked(text: str) -> str:
    """The same for an output of several lines: line breaks and tabs are its layout and stay."""
    return _ODD_IN_LINES.sub(_mark, text)


def escaped(text: str) -> str:
    r"""JSON with each such character as `\u202e`: it holds the same data."""
    return _ODD_IN_LINES.sub(_escape, text)


def _mark(odd: re.Match[str]) -> str:
    return odd[0] if _is_seen(odd) else _NAMED.get(odd[0]) or f"<U+{ord(odd[0]):04X}>"


def _escape(odd: re.Match[str]) -> str:
    if _is_seen(odd):
        return odd[0]
    units = odd[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _is_seen(odd: re.Match[str]) -> bool:
    letter, before = odd[0], odd.string[odd.start() - 1] if odd.start() else ""
    if _JOINERS.match(letter):
        return _takes_joiner(before) or before == "\ufe0f"
    if _SELECTORS.match(letter):
        return _takes_joiner(before) or (letter in "\ufe0e\ufe0f" and _is_emoji_base(before))
    return _draws(letter)


def _takes_joiner(letter: str) -> bool:
    return letter != "" and unicodedata.category(letter) in _JOINED and _draws(letter)


def _is_emoji_base(letter: str) -> bool:
    """A digit of a keycap, an arrow or a punctuation mark: what can be drawn as text or as an emoji."""
    if letter.isascii():
        return letter in tuple("0123456789#*")
    return unicodedata.category(letter) in {"Sm", "Po", "Pd"}


def _draws(letter: str) -> bool:
    if unicodedata.category(letter) in _UNSEEN or _BLANK.match(letter):
        return False
    return ord(letter) & 0xFFFE != 0xFFFE  # no text may hold these two of each plane
