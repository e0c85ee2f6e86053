"""Small real tokenizers of every scheme, trained on a few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import BertTokenizer, CTRLTokenizer, PreTrainedTokenizerFast

TEXT = ["in August or August", "Brisbane Melbourne Brisbane August", "month of August in Brisbane"] * 5
SPECIAL = ["<pad>", "<eos>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def _save(tokenizer: Tokenizer, folder: Path) -> Any:
    make: Any = PreTrainedTokenizerFast
    fast = make(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>")
    fast.save_pretrained(folder)
    return fast


def byte_level(folder: Path, text: Sequence[str] = TEXT, size: int = 320) -> Any:
    """GPT-2's scheme: bytes in an alphabet of their own, Ġ for the space."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    return _save(tokenizer, folder)


def sentencepiece(folder: Path, text: Sequence[str] = TEXT, size: int = 340) -> Any:
    """SentencePiece's scheme as Gemma has it: ▁ for the space, <0x0A> for bytes it has no piece for."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token=None, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL + BYTES, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    return _save(tokenizer, folder)


def stripping(folder: Path, text: Sequence[str] = TEXT, size: int = 340) -> Any:
    """The same as Llama 2 has it: a space before each text, which the decoder takes off again."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token=None, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    space = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(space)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL + BYTES, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    return _save(tokenizer, folder)


def unigram(folder: Path, text: Sequence[str] = TEXT, size: int = 340) -> Any:
    """SentencePiece's other model, as T5 and XGLM have it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=[*SPECIAL, "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(text, trainer)
    return _save(tokenizer, folder)


def wordpiece(folder: Path, text: Sequence[str] = TEXT, size: int = 340) -> Any:
    """BERT's scheme: ## before what continues a word."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"[unused{i}]" for i in range(1, 9))]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    make: Any = BertTokenizer
    fast = make(vocab=tokenizer.get_vocab())
    fast.save_pretrained(folder)
    return fast


def word_ends(folder: Path, text: Sequence[str] = TEXT, size: int = 340) -> Any:
    """GPT-1's scheme: </w> behind the end of a word."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(text, trainer)
    return _save(tokenizer, folder)


def words(folder: Path, text: Sequence[str] = TEXT, size: int = 100_000) -> Any:
    """Whole words, without any decoder: the library joins them with spaces."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<eos>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    return _save(tokenizer, folder)


def continued(folder: Path, text: Sequence[str] = TEXT, size: int = 340) -> Any:
    """CTRL's scheme, in Python: @@ behind what another token continues."""
    letters = sorted({letter for line in text for letter in line if letter != " "})
    merges = [f"{one} {other}{end}" for one in letters[:12] for other in letters[:12] for end in ("", "</w>")]
    pieces = [*letters, *(merge.replace(" ", "").removesuffix("</w>") for merge in merges)]
    names = ["<unk>", *dict.fromkeys(name for piece in pieces for name in (piece, f"{piece}@@"))]
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    make: Any = CTRLTokenizer
    made = make(str(folder / "vocab.json"), str(folder / "merges.txt"))
    made.save_pretrained(folder)
    return made


SCHEMES = (byte_level, sentencepiece, stripping, unigram, wordpiece, word_ends, words, continued)
