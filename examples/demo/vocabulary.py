"""Gemma's tokenizer from the vocabulary that a GGUF file carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from .gguf_file import GGUFFile

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPACE = "▁"
_CONTROL, _USER_DEFINED = 3, 4
_SPECIAL = {name: f"<{name}>" for name in ("bos", "eos", "pad", "unk", "mask")}


def write_tokenizer(file: GGUFFile, folder: Path) -> None:
    """`tokenizer.json` and `tokenizer_config.json`."""
    stored = file.metadata["tokenizer.ggml.tokens"]
    kinds = file.metadata["tokenizer.ggml.token_type"]
    assert isinstance(stored, list)
    assert isinstance(kinds, list)
    tokens = [str(token) for token in stored]
    tokenizer = build_tokenizer(tokens, [int(kind) for kind in kinds])
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
    config = {
        "tokenizer_class": "GemmaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        **{f"{name}_token": token for name, token in _SPECIAL.items()},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def build_tokenizer(tokens: list[str], kinds: list[int]) -> Tokenizer:
    """The byte-pair tokenizer of Gemma, from `tokens` in the order of their ids and their ggml token types."""
    from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import BPE

    spelled = [respell(token) for token in tokens]
    vocabulary = {token: index for index, token in enumerate(spelled)}
    tokenizer = Tokenizer(
        BPE(vocabulary, merges(spelled), fuse_unk=True, unk_token=_SPECIAL["unk"], byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    bos = _SPECIAL["bos"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos}:1 $B:1", special_tokens=[(bos, vocabulary[bos])]
    )
    # The runs of spaces that `respell` changed are matched after normalisation, as any other token is.
    kept = [(token, kind) for token, new, kind in zip(tokens, spelled, kinds, strict=True) if token == new]
    control = [AddedToken(token, normalized=False, special=True) for token, kind in kept if kind == _CONTROL]
    tokenizer.add_special_tokens(control)
    whole = [AddedToken(token, normalized=False) for token, kind in kept if kind == _USER_DEFINED]
    tokenizer.add_tokens(whole)
    return tokenizer


def respell(token: str) -> str:
    """GGUF stores a run of spaces as it is; the tokenizer looks it up as a run of `▁`."""
    return SPACE * len(token) if token and not token.strip(" ") else token


def merges(tokens: list[str]) -> list[tuple[str, str]]:
    """The merge rules, which GGUF leaves out, in order of rank.

    A token's id is its rank in Gemma's vocabulary, so the rules are all cuts of each token into two
    others, by the token's id and then the longer left half first.
    """
    known = set(tokens)
    rules = []
    for token in tokens:
        for cut in range(len(token) - 1, 0, -1):
            left = token[:cut]
            if left in known and token[cut:] in known:
                rules.append((left, token[cut:]))
    return rules
