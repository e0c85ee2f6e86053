"""Documents out of a Hugging Face dataset, streamed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ...schema import CorpusError
from ...schema.secrets import reason
from .document import Item
from .fields import Fields

_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*(:[\w.-]+)?", re.ASCII)

_FAULTS = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, NotImplementedError)
"""What `datasets` raises for an id, configuration, split or file that is not there or cannot be read."""


def is_dataset_id(source: str) -> bool:
    """Whether it reads as OWNER/NAME or OWNER/NAME:CONFIGURATION."""
    return _ID.fullmatch(source) is not None


def load_dataset(source: str) -> Callable[..., Any]:
    """The function of that name. Raises CorpusError where the package is not installed."""
    try:
        from datasets import load_dataset
    except ImportError:
        raise CorpusError(
            f"no file or folder {source!r}; to read it as a Hugging Face dataset: pip install 'neuronkb[datasets]'"
        ) from None
    found: Callable[..., Any] = load_dataset
    return found


def dataset_items(load: Callable[..., Any], source: str, fields: Fields, split: str) -> Iterator[Item]:
    """A document a row of one split, in the dataset's order, without downloading the whole of it first.

    Raises CorpusError with the package's own reason: no such dataset, configuration or split, or no connection.
    """
    name, _, configuration = source.partition(":")
    try:
        rows = load(name, configuration or None, split=split, streaming=True)
        for number, row in enumerate(rows, 1):
            yield fields.row(row, f"{source}:{number}")
    except _FAULTS as error:
        raise CorpusError(f"dataset {source!r}, split {split!r}: {reason(error)}") from None
