"""Where each thing has its page: on a server, or as a file of a site."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from ...schema import IdError, NeuronId, is_place

TUNED = ("now", "tuned", "fine-tune")
"""Columns whose short ids are neurons of the fine-tune."""
_NODE = re.compile(r'\(:Neuron \{id: "([^"\\]+)"')
"""A node as an answer in Cypher shows it."""
MODELS = ("model", "base", "tuned", "fine-tune", "fine-tunes")
"""Columns whose cells name models."""


class Addresses(ABC):
    """What a page links to."""

    static = False

    @abstractmethod
    def neuron(self, neuron: str) -> str | None:
        """A neuron's page; None where it has none."""

    @abstractmethod
    def model(self, model: str) -> str | None:
        """A model's page."""

    def of(self, kind: str, **values: Any) -> str | None:
        """Another page by its name, such as `search`; None where there is none."""
        return None

    def link(
        self, models: Collection[str], model: str | None, tuned: str | None = None
    ) -> Callable[[str, str], str | None]:
        """Where a table's cell leads, by its column and text. `model` is whose neuron a short id such as L3/N17 is, in
        columns about a fine-tune `tuned`."""

        def found(column: str, text: str) -> str | None:
            owner = (tuned or model) if column in TUNED else model
            if owner is not None and is_place(text):
                return self.neuron(f"{owner}/{text}")
            if (node := _NODE.match(text)) is not None:
                return self.neuron(node[1]) if _neuron(node[1]) is not None else None
            if "/L" in text and (neuron := _neuron(text)) is not None:
                return self.neuron(neuron) if neuron.rpartition("/L")[0] in models else None
            if column in MODELS and text in models:
                return self.model(text)
            if column == "finding" and text.startswith("finding-"):
                return self.of(f"finding/{quote(text, safe='')}")
            if column == "report" and model is not None:
                return self.of(f"ask/{text.replace(' ', '/')}", model=model)
            return None

        return found


class ServerAddresses(Addresses):
    """Of a server."""

    def neuron(self, neuron: str) -> str:
        """`/neuron/gemma/L3/N17`"""
        return f"/neuron/{quote(neuron)}"

    def model(self, model: str) -> str:
        """`/model/gemma`"""
        return f"/model/{quote(model)}"

    def of(self, kind: str, **values: Any) -> str:
        """`/search?q=june`"""
        given = {name: value for name, value in values.items() if value not in (None, "")}
        return f"/{kind}" + (f"?{urlencode(given, doseq=True)}" if given else "")


class SiteAddresses(Addresses):
    """Of a site of files: only what was written has a page."""

    static = True

    def __init__(self, files: Mapping[str, str], depth: int) -> None:
        """`files` under the site's root by the address that each has on a server; the page that links lies `depth`
        folders down."""
        self._files = files
        self._up = "../" * depth
        self._server = ServerAddresses()

    def neuron(self, neuron: str) -> str | None:
        """`../neuron/gemma-L3-N17-1f2e3d4c.html`"""
        return self._file(self._server.neuron(neuron))

    def model(self, model: str) -> str | None:
        """`../model/gemma-1f2e3d4c.html`"""
        return self._file(self._server.model(model))

    def of(self, kind: str, **values: Any) -> str | None:
        """`../index.html`"""
        return self._file(self._server.of(kind, **values))

    def _file(self, address: str) -> str | None:
        name = self._files.get(address)
        return None if name is None else self._up + name


def file_name(kind: str, *names: str) -> str:
    """A page's place in a site: readable, short, of plain letters, and no other's."""
    text = "/".join(names)
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[-60:]
    return f"{kind}/{plain}-{sha256(text.encode()).hexdigest()[:8]}.html"


def _neuron(text: str) -> str | None:
    try:
        return str(NeuronId.parse(text))
    except IdError:
        return None
