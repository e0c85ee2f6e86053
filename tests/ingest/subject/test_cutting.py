"""Texts cut without transformers are cut as with it."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from neuronkb.ingest.subject import cutting
from neuronkb.ingest.subject.cutting import FACTS, SETUP, cut
from neuronkb.ingest.subject.vocabulary import load_tokenizer, token_texts

from tests.ingest.subject.tokenizers import byte_level, sentencepiece

TEXT = " in August<eos> or  Brisbane\n\u00e9\U0001f600 month"


@pytest.mark.parametrize("make", [byte_level, sentencepiece])
def test_cut_from_what_is_kept_as_by_transformers(make: object, tmp_path: Path) -> None:
    assert callable(make)
    folder, kept = tmp_path / "model", tmp_path / "kept"
    make(folder)
    tokenizer = load_tokenizer(folder)
    wanted = token_texts(tokenizer, tokenizer(TEXT, add_special_tokens=False).input_ids)
    assert cut(folder, TEXT, kept) == wanted
    with patch.object(cutting, "load_tokenizer", side_effect=AssertionError("asked transformers")):
        assert cut(folder, TEXT, kept) == wanted
    (place,) = kept.iterdir()
    for name in (SETUP, FACTS):
        (place / name).write_text("damaged")
        assert cut(folder, TEXT, kept) == wanted
    byte_level(folder) if make is sentencepiece else sentencepiece(folder)
    cut(folder, TEXT, kept)
    assert len(list(kept.iterdir())) == 2
