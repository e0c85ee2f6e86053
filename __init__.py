"""neuronkb: what the neurons of language models do, in a graph database.

from neuronkb import KnowledgeBase

with KnowledgeBase.open("my-store") as kb:
    kb.lm_head.ingest("HuggingFaceTB/SmolLM2-135M")
    print(kb.find("dog"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuronkb.ingest.bundle import Bundle as Bundle
    from neuronkb.kb.knowledge_base import KnowledgeBase as KnowledgeBase
    from neuronkb.queries import Result as Result
    from neuronkb.schema import NeuronId as NeuronId
    from neuronkb.schema import NeuronKBError as NeuronKBError

__version__ = "0.1.0"

__all__ = ["Bundle", "KnowledgeBase", "NeuronId", "NeuronKBError", "Result", "__version__"]

_HOMES = {
    "Bundle": "neuronkb.ingest.bundle",
    "KnowledgeBase": "neuronkb.kb.knowledge_base",
    "NeuronId": "neuronkb.schema",
    "NeuronKBError": "neuronkb.schema",
    "Result": "neuronkb.queries",
}


def __getattr__(name: str) -> Any:
    # Late, so that `neuronkb --help` does not wait for pyarrow and the driver.
    if name not in _HOMES:
        raise AttributeError(f"module 'neuronkb' has no attribute {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
