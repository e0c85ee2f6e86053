"""A verb with its values, written as each door takes it: what a reader of a page pastes to ask the same elsewhere."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ...schema.visible import escaped
from ..doors import Offer
from ..parameter import Parameter


@dataclass(frozen=True)
class Asked:
    """One question to one verb. Values are those that were given; defaults are not written."""

    offer: Offer
    values: Mapping[str, Any]

    @property
    def python(self) -> str:
        """`kb.n2g.show("gemma/L3/N17", pole=1)`"""
        noun, name = self.offer.verb.noun.replace("-", "_"), self.offer.verb.function.__name__
        pairs = self._given(positional_first=True)
        given = [repr(value) if one.positional else f"{one.name}={value!r}" for one, value in pairs]
        return escaped(f"kb.{f'{noun}.' if noun else ''}{name}({', '.join(given)})")

    @property
    def command(self) -> str:
        """`neuronkb n2g show gemma/L3/N17 --pole 1`"""
        words = ["neuronkb", *self.offer.verb.path.split()]
        for one, value in self._given(positional_first=True):
            words += [value] if one.positional and isinstance(value, str) else _words(one, value)
        return shell(words)

    def curl(self, base: str) -> str:
        """A line for a shell, asking the server at `base`."""
        if self.offer.waits:
            sent = ["-X", "POST", "-H", "Content-Type: application/json", "-d", json.dumps(dict(self.values))]
            return shell(["curl", *sent, base + self.path])
        return shell(["curl", base + self.address])

    @property
    def path(self) -> str:
        """`/api/n2g/show`"""
        return "/api/" + self.offer.verb.path.replace(" ", "/")

    @property
    def address(self) -> str:
        """`/api/n2g/show?neuron=...`"""
        pairs = [(one.name, part) for one, value in self._given() for part in _texts(one, value)]
        return self.path + (f"?{urlencode(pairs)}" if pairs else "")

    def _given(self, positional_first: bool = False) -> Iterator[tuple[Parameter, Any]]:
        known = [one for one in self.offer.parameters if self.values.get(one.name) is not None]
        if positional_first:
            known.sort(key=lambda one: not one.positional)
        return ((one, self.values[one.name]) for one in known)


def shell(words: Iterable[object]) -> str:
    """A line that a shell takes as these words; those with what cannot be seen as `$'...'`, which bash and zsh read."""
    return " ".join(_quoted(str(word)) for word in words)


def _quoted(word: str) -> str:
    seen = escaped(word)
    if seen == word and "\n" not in word:
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\")
    code = "".join(letter if letter.isascii() and letter.isprintable() else _code(letter) for letter in plain)
    return "$'" + code.replace("'", "\\'") + "'"


def _code(letter: str) -> str:
    return f"\\U{ord(letter):08x}"


def _words(one: Parameter, value: Any) -> list[str]:
    """An option with its value as a shell has it."""
    if one.type == "flag":
        return [one.option] if value in (True, "true") else [f"--no-{one.option[2:]}"]
    if one.type == "pairs":
        return [part for name, held in dict(value).items() for part in (one.option, f"{name}={json.dumps(held)}")]
    if one.positional:
        return _texts(one, value)
    return [part for text in _texts(one, value) for part in (one.option, text)]


def _texts(one: Parameter, value: Any) -> list[str]:
    if one.type == "pairs":
        return [json.dumps(value)]
    if isinstance(value, list | tuple):
        return [",".join(map(str, value))] if one.listed else [str(part) for part in value]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
