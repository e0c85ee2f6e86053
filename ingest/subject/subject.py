"""A model as the jobs take it: where it is, what it is called, its weights, its MLPs and its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...schema import ModelError
from .architecture import Architecture, find_architecture
from .checkpoint import Checkpoint
from .source import locate, model_name
from .untrained import find_untrained
from .vocabulary import Vocabulary, read_vocabulary

if TYPE_CHECKING:
    from .certificate import Certificate

WORKS = "the LM-head decoding, links, feeds, clamps and the corpus pass"
"""What reads the neurons of experts."""
AND = "::"
"""Between a base model and its adapter, in what a subject was opened by."""


@dataclass(frozen=True)
class Subject:
    """One model on disk. Weights are read when asked for; the model is never built."""

    name: str
    """What the graph calls it."""
    source: str
    """The hub id or folder it was opened by."""
    checkpoint: Checkpoint
    architecture: Architecture

    @classmethod
    def open(
        cls, model: str | Path, name: str | None = None, adapter: str | Path | None = None, *, experts: bool = False
    ) -> Subject:
        """Find the model's files and, among its tensors, the parts that are decoded.

        `adapter` is the folder or hub id of a LoRA adapter that is merged while weights are read. Such a model has both
        names unless `name` is given, and its source, `BASE::ADAPTER`, opens it again. `experts` says that the caller
        knows what to do with a mixture of experts. Raises ModelError.
        """
        if adapter is None and isinstance(model, str) and AND in model:
            model, _, adapter = model.partition(AND)
        folder = locate(model)
        checkpoint = Checkpoint.open(folder)
        source, called = _source(model), model_name(model)
        if adapter is not None:
            from .adapter import with_adapter

            checkpoint = with_adapter(checkpoint, locate(adapter, adapter=True))
            source, called = f"{source}{AND}{_source(adapter)}", f"{called}+{model_name(adapter)}"
        built = find_architecture(checkpoint)
        if built.mixture is not None and not experts:
            raise ModelError(f"{folder}: {built.name} is a mixture of experts, which {WORKS} alone read so far")
        if built.mixture is None:
            for part in (part for each in built.layers for part in (each.gate, each.up, each.down) if part is not None):
                checkpoint.info(part)  # refuses what is quantised in a way that is not read
        return cls(name or called, source, checkpoint, built)

    @cached_property
    def weights(self) -> str:
        """Hash of all tensors."""
        return self.checkpoint.weights_hash()

    @cached_property
    def certificate(self) -> Certificate:
        """What was compared. Raises ModelError where the files are not read as the running model computes."""
        from .certificate import certified

        return certified(self)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its tokens, the untrained ones marked."""
        found = read_vocabulary(self.checkpoint.folder, self.architecture.d_vocab)
        return found.mark_untrained(find_untrained(self.checkpoint, self.architecture.unembedding, found.unused))


def _source(model: str | Path) -> str:
    folder = Path(model).expanduser()
    return str(folder.resolve()) if folder.is_dir() else str(model)
