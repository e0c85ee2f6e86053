"""Layers that another model's bundle holds already, found by the hash of everything that enters their decoding."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from ...ingest.bundle import Bundle
from ...schema import NeuronKBError


class KnownLayers:
    """Looks up a layer's identity among the finished lm-head bundles in a folder."""

    def __init__(self, folder: Path) -> None:
        self._places: dict[str, tuple[Bundle, str]] = {}
        for path in sorted(folder.glob("lm-head-*")):
            try:
                bundle = Bundle.open(path)
            except NeuronKBError:
                continue  # a damaged bundle is not reused; `neuronkb bundles check` says what is wrong with it
            for place, identity in bundle.run.summary.get("layer_identities", {}).items():
                # `3` of a dense layer, `3E5` and `3S` of experts
                layer = place.rstrip("S").partition("E")[0]
                self._places[identity] = (bundle, f"L{int(layer):03d}{place.removeprefix(layer)}")

    def __call__(self, identity: str) -> Mapping[str, pa.Table] | None:
        """The tables of a layer with this identity, or None."""
        if identity not in self._places:
            return None
        bundle, name = self._places[identity]
        if name not in bundle.shards:
            return None
        try:
            return {entry.table: bundle.read(entry) for entry in bundle.shards[name].files}
        except NeuronKBError:
            return None
