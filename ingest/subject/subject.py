"""A model as the jobs take it: where it is, what it is called, its weights, its MLPs and its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...schema import ModelError
from .architecture import Architecture, find_architecture
from .checkpoint import Checkpoint
from .source import locate, model_name
from .untrained import find_untrained
from .vocabulary import Vocabulary, read_vocabulary

WORKS = "the LM-head decoding, links, feeds, clamps and the corpus pass"
"""What reads the neurons of experts."""


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
    def open(cls, model: str | Path, name: str | None = None, *, experts: bool = False) -> Subject:
        """Find the model's files and, among its tensors, the parts that are decoded.

        `experts` says that the caller knows what to do with a mixture of experts. Raises ModelError.
        """
        folder = locate(model)
        checkpoint = Checkpoint.open(folder)
        built = find_architecture(checkpoint)
        if built.mixture is not None and not experts:
            raise ModelError(f"{folder}: {built.name} is a mixture of experts, which {WORKS} alone read so far")
        source = str(Path(model).expanduser().resolve()) if Path(model).expanduser().is_dir() else str(model)
        return cls(name or model_name(model), source, checkpoint, built)

    @cached_property
    def weights(self) -> str:
        """Hash of all tensors."""
        return self.checkpoint.weights_hash()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its tokens, the untrained ones marked."""
        found = read_vocabulary(self.checkpoint.folder, self.architecture.d_vocab)
        return found.mark_untrained(find_untrained(self.checkpoint, self.architecture.unembedding, found.unused))
