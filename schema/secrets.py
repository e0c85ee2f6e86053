"""Keys and passwords, kept out of what is said, logged and stored."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote

MARK = "…"
"""Stands where a secret was."""
_LEAST = 6
"""Characters of a password that is looked for in every error: a shorter one is a word like any other."""
_NAMED = re.compile(r"(KEY|TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIALS?)$", re.IGNORECASE)
"""Names of environment variables that hold secrets"""
_NAME = (
    r"(?:api[-_ ]?key|apikey|subscription[-_]key|access[-_ ]?token|auth[-_]?token|token|secret|credential|signature)"
)

_CERTAIN = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        (r"(\b\w++://)[^\s\"'<>]{0,2000}@", rf"\g<1>{MARK}@"),
        (r"(?i)\b(bearer|basic)(\s+|%20|\+)[\w.~+/*=-]{8,}", rf"\g<1> {MARK}"),
        (r"\b[spr]k[-_][\w*-]{6,}", MARK),
        (r"\bhf_(?:[A-Za-z0-9]{9,}|(?=[A-Za-z]*\d)[A-Za-z0-9]{6,})", MARK),
        (r"\b(?:gh[pousr]|github_pat|glpat|xox[abeprs]|gsk|nvapi|pplx|xai|r8)[-_](?=\w*\d)[\w-]{10,}", MARK),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}", MARK),
        (r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*", MARK),
        (
            r"(?i)\b(password|passwd|pwd)((?:\"|')?\s*[=:]\s*|\s+(?=[\"']))(?:\"[^\"]+\"|'[^']+'|[^\s,;&]+)",
            rf"\1\2{MARK}",
        ),
        (rf"(?i)([?&;]{_NAME}=)[^\s&\"'<>]+", rf"\g<1>{MARK}"),
    )
)
"""What is a secret wherever it stands; none of them reads a long text again from each of its characters"""

_LIKELY = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        (r"(https?://[^\s?#\"'<>]{1,2000})[?#][^\s\"'<>]+", rf"\g<1>?{MARK}"),
        (rf"(?i)({_NAME}[\"']?(?:\s+[a-z]+)?\s*[=:]\s*[\"']?)[^\s\"',;&]{{6,}}", rf"\g<1>{MARK}"),
        (r"(?i)(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", MARK),
        (r"\b(?=[A-Za-z]*\d)(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{30,}\b", MARK),
    )
)
"""What a stranger's error says that looks like one; in our own texts it may be a hash"""

_known: set[str] = set()


def remember(*values: str | None) -> None:
    """Keep these out of every error of this process from now on."""
    _known.update(value for value in values if value and len(value.strip()) >= _LEAST)


def hidden(text: str, values: Iterable[str] = (), *, foreign: bool = False) -> str:
    """The text without secrets: those in use, in any form, and what looks like one.

    `values` are secrets of any length to take out as well; `foreign` text is a server's, where more is suspect.
    """
    found = without(text, {*values, *_known, *_of_environment()})
    for pattern, kept in (*_CERTAIN, *(_LIKELY if foreign else ())):
        found = pattern.sub(kept, found)
    return found


def reason(error: BaseException) -> str:
    """Why a hub, or a library that asks one, failed: the first line of what it says."""
    return hidden((str(error).strip().splitlines() or [type(error).__name__])[0], foreign=True)


def without(text: str, values: Iterable[str]) -> str:
    """The text without these values as they are, escaped, in base64, or cut off by whoever repeats them."""
    pattern = _pattern(frozenset(value for value in values if value))
    return text if pattern is None else pattern.sub(MARK, text)


def bare_url(url: str) -> str:
    """An address as it may be shown and stored: without user, password, query and fragment."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        scheme, rest = "", url
    return scheme + slashes + re.split(r"[?#]", rest.rpartition("@")[2])[0]


def hide_in_logs(*names: str) -> None:
    """Take secrets out of what the loggers of these names write."""
    for name in names:
        logging.getLogger(name).addFilter(_hide_record)


def _hide_record(record: logging.LogRecord) -> bool:
    record.msg, record.args = hidden(record.getMessage(), foreign=True), ()
    return True


def _of_environment() -> Iterator[str]:
    return (value for name, value in os.environ.items() if len(value) >= 8 and _NAMED.search(name))


@lru_cache(64)
def _pattern(values: frozenset[str]) -> re.Pattern[str] | None:
    forms = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)
    return re.compile("|".join(map(_part, forms)), re.IGNORECASE) if forms else None


def _forms(value: str) -> set[str]:
    """How a value may come back."""
    raw = value.encode("utf-8", "surrogateescape")
    coded = base64.b64encode(raw).decode("ascii")
    forms = {value, value.strip(), unquote(value), quote(raw, safe=""), quote(raw), quote_plus(raw)}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    forms |= {html.escape(value), html.escape(value, quote=False), raw.hex(), repr(raw)[2:-1]}
    forms |= {coded, coded.rstrip("="), base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")}
    return {form for form in forms if form}


def _part(form: str) -> str:
    """A pattern of one form. Of a long one, half is told too: servers shorten what they repeat."""
    if len(form) < 8:
        return rf"(?<!\w){re.escape(form)}(?!\w)"
    if len(form) < 16:
        return re.escape(form)
    half = len(form) // 2
    head, tail = re.escape(form[:half]), re.escape(form[-half:])
    return rf"{re.escape(form)}|{head}[\w*.…+/=-]*|[\w*.…+/=-]*{tail}"
