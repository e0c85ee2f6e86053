"""An answer: compact JSON that fits, and says what was cut."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, is_dataclass
from typing import Any

from ...queries.result.entity import Entity, plain
from ...schema.visible import escaped

LONGEST = 4000
"""Characters of one text."""
DIGITS = 6
"""Significant digits of a number."""
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character: no answer can carry it."""


def fitted(value: dict[str, Any], characters: int) -> dict[str, Any]:
    """The answer in plain JSON values of at most `characters`: its longest lists are cut first, then its largest values
    are left out.

    What was cut is under `cut`: where, how many are kept, and of how many. Numbers have six digits; what is no
    number or infinite is null.
    """
    cut: dict[str, dict[str, Any]] = {}
    found: dict[str, Any] = _plain(value, "", cut)
    marked = {**found, "cut": []}
    while len(_text(marked)) > characters and (place := _longest(found)) is not None:
        path, items = place
        name = ".".join(map(str, path))
        entry = cut.setdefault(name, {"at": name, "of": len(items)})
        del items[len(items) // 2 :]
        entry["kept"] = len(items)
        marked["cut"] = list(cut.values())
    while len(_text({**found, "cut": list(cut.values())})) > characters and len(found) > 1:
        name = max(found, key=lambda key: len(_text(found[key])))
        told = {"at": name, "of": 1, "kept": 0}
        if len(_text(found[name])) <= len(_text(told)):
            break  # to say that it was left out takes more room than it does
        cut[name] = told
        del found[name]
    answer = {**found, "cut": list(cut.values())} if cut else found
    if len(_text(answer)) > characters:
        return {"cut": [{"at": "", "kept": 0, "of": len(value)}]}
    return answer


def text(value: dict[str, Any]) -> str:
    r"""The answer as one line of JSON, with `\u202e` for what would steer the terminal of a client that prints it."""
    return _text(value)


def _text(value: Any) -> str:
    return escaped(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _plain(value: Any, path: str, cut: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, Entity):
        value = plain(value)
    elif is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        named = {_whole(str(key)): each for key, each in value.items()}
        return {key: _plain(each, f"{path}.{key}" if path else key, cut) for key, each in named.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, f"{path}.{i}" if path else str(i), cut) for i, each in enumerate(value)]
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return _short(str(value), path, cut)


def _short(found: str, path: str, cut: dict[str, dict[str, Any]]) -> str:
    found = _whole(found)
    if len(found) <= LONGEST:
        return found
    cut[path] = {"at": path, "of": len(found), "kept": LONGEST}
    return found[:LONGEST]


def _whole(text: str) -> str:
    return _SURROGATE.sub(lambda half: f"<U+{ord(half[0]):04X}>", text)


def _longest(value: Any) -> tuple[tuple[str | int, ...], list[Any]] | None:
    """The list of several with the longest JSON, and where it is; None where there is none left to cut."""
    best: tuple[tuple[str | int, ...], list[Any]] | None = None
    size = 0
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while stack:
        path, held = stack.pop()
        if isinstance(held, list) and len(held) > 1 and (own := len(_text(held))) > size:
            best, size = (path, held), own
        children = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
        stack += [((*path, key), child) for key, child in children if isinstance(child, dict | list)]
    return best
