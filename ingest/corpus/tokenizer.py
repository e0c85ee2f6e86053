"""A model's tokenizer as the corpus needs it: texts to token numbers, BOS, and how much the model can read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schema import CorpusError, ModelError, digest
from ...schema.secrets import reason
from ..subject.checkpoint import read_config
from ..subject.names import CONTEXTS
from ..subject.subject import Subject
from ..subject.vocabulary import load_tokenizer, read_vocabulary, size

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Tokenizer:
    """A Hugging Face tokenizer. Special tokens that a text spells out are read as special tokens, as it does itself."""

    tokenizer: Any
    hash: str
    """of the id -> bytes table, as on Model and Token"""
    d_vocab: int
    """rows of the model's embedding; a text with a token beyond them is skipped"""
    context: int | None = None
    """the most tokens the model reads; None where its config does not say"""

    @classmethod
    def open(cls, folder: Path, d_vocab: int | None = None) -> Tokenizer:
        """The tokenizer in a model's folder; `d_vocab` is the config's unless given. Raises ModelError."""
        config = _config(folder)
        tokenizer = load_tokenizer(folder)
        rows = d_vocab or _number(folder, config, "vocab_size") or size(tokenizer)
        context = next((found for name in CONTEXTS if (found := _number(folder, config, name))), None)
        return cls(tokenizer, read_vocabulary(folder, rows).hash, rows, context)

    @classmethod
    def of(cls, subject: Subject) -> Tokenizer:
        """The tokenizer of a model under study. Raises ModelError."""
        return cls.open(subject.checkpoint.folder, subject.architecture.d_vocab)

    @property
    def bos(self) -> int | None:
        """The number of its BOS token, where it has one that the model knows."""
        found = self.tokenizer.bos_token_id
        return int(found) if found is not None and 0 <= found < self.d_vocab else None

    @property
    def chat_hash(self) -> str | None:
        """Of the chat template; None where there is none."""
        template = getattr(self.tokenizer, "chat_template", None)
        return digest({"template": template}) if template else None

    def chat(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """Messages as the text that the model reads, by its chat template, roles and all; without the BOS token that it
        may begin with, since windows have their own.

        Raises CorpusError where the model has no template, ValueError where these messages do not fit it.
        """
        if self.chat_hash is None:
            raise CorpusError("the model has no chat template to read messages with; name a column of texts (--field)")
        try:
            text = self.tokenizer.apply_chat_template([_known(turn) for turn in messages], tokenize=False)
        except Exception as error:  # a template is a stranger's code
            raise ValueError(reason(error)) from None
        bos = self.tokenizer.bos_token
        return str(text).removeprefix(bos) if bos else str(text)

    def encode(self, texts: Sequence[str]) -> list[Ints]:
        """The tokens of each text, int32, without BOS or EOS."""
        return [np.asarray(ids, np.int32) for ids in self._encoded(texts)["input_ids"]]

    def encode_placed(self, texts: Sequence[str]) -> list[tuple[Ints, Ints | None]]:
        """The same, each with the characters of its tokens, int32 `[n, 2]` start and end; None from a tokenizer that
        cannot tell them (one written in Python)."""
        if not self.tokenizer.is_fast:
            return [(tokens, None) for tokens in self.encode(texts)]
        found = self._encoded(texts, return_offsets_mapping=True)
        places = (np.asarray(each, np.int32).reshape(-1, 2) for each in found["offset_mapping"])
        return [(np.asarray(ids, np.int32), each) for ids, each in zip(found["input_ids"], places, strict=True)]

    def _encoded(self, texts: Sequence[str], **more: bool) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.tokenizer(
            list(texts),
            add_special_tokens=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            # Texts longer than the context are cut into windows anyway.
            verbose=False,
            **more,
        )
        return found


def _known(turn: Mapping[str, Any]) -> dict[str, Any]:
    """A message without the fields that its table has and it has not."""
    return {name: value for name, value in turn.items() if value is not None}


def _config(folder: Path) -> Mapping[str, Any]:
    """The language model's part of config.json; empty where there is none."""
    path = folder / "config.json"
    whole = read_config(path) if path.exists() else {}
    nested = whole.get("text_config")
    return nested if isinstance(nested, dict) else whole


def _number(folder: Path, config: Mapping[str, Any], name: str) -> int | None:
    """A size in the config; None where it says none. Raises ModelError."""
    value = config.get(name)
    if not value:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ModelError(f"{folder / 'config.json'}: {name} is {str(value)[:60]!r}, expected a number above 0")
    return int(value)
