"""Cutting texts into a model's tokens without transformers, which takes longer to import than to answer."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .vocabulary import load_tokenizer, size, token_texts, tokenizer_digest

SETUP, FACTS = "tokenizer.json", "facts.json"


@dataclass(frozen=True)
class Cutter:
    """A fast tokenizer as transformers sets it up, with what `token_texts` asks of it."""

    setup: Any
    """`tokenizers.Tokenizer`"""
    length: int
    """ids up to the last token's"""
    added_tokens_decoder: frozenset[int]
    all_special_ids: frozenset[int]

    def __len__(self) -> int:
        return self.length

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str | None]:
        """The piece of each token."""
        return [self.setup.id_to_token(i) for i in ids]


def cut(folder: Path, text: str, kept: Path) -> list[str]:
    """The texts of a text's tokens, without what a tokenizer puts around it, by the tokenizer in `folder`.

    How transformers set it up stays in a folder under `kept`, by the hash of the tokenizer's files and the release of
    transformers: from then on transformers is not asked. Raises ModelError.
    """
    place = kept / f"{tokenizer_digest(folder)[:16]}-{_release()}"
    cutter = _read(place)
    if cutter is not None:
        return token_texts(cutter, cutter.setup.encode(text, add_special_tokens=False).ids)
    tokenizer = load_tokenizer(folder)
    _keep(tokenizer, place)
    return token_texts(tokenizer, tokenizer(text, add_special_tokens=False).input_ids)


def _release() -> str:
    try:
        return version("transformers")
    except PackageNotFoundError:
        return "none"


def _read(place: Path) -> Cutter | None:
    """None where nothing is kept, or what is kept cannot be read."""
    try:
        from tokenizers import Tokenizer

        facts = json.loads((place / FACTS).read_text("utf-8"))
        numbers = frozenset(map(int, facts["added"])), frozenset(map(int, facts["special"]))
        return Cutter(Tokenizer.from_file(str(place / SETUP)), int(facts["length"]), *numbers)
    except Exception:
        # The library raises plain Exception for a damaged file: it is made again.
        return None


def _keep(tokenizer: Any, place: Path) -> None:
    """Whole or not at all; a tokenizer in Python, or a folder that cannot be written, is asked for again each time."""
    setup = getattr(tokenizer, "backend_tokenizer", None)
    if setup is None:
        return
    facts = {
        "length": size(tokenizer),
        "added": sorted(tokenizer.added_tokens_decoder),
        "special": sorted(tokenizer.all_special_ids),
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=place.parent))
        try:
            (fresh / SETUP).write_text(setup.to_str(), "utf-8")
            (fresh / FACTS).write_text(json.dumps(facts), "utf-8")
            shutil.rmtree(place, ignore_errors=True)
            os.replace(fresh, place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError:
        return
