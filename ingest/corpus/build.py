"""Makes a corpus: reads, tokenises and cuts in one pass, then drops what repeats."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schema import CorpusError
from ..bundle.layout import write_json
from ..progress import Progress
from .document import Document
from .documents import Documents
from .duplicates import find_duplicates
from .layout import DOCUMENT, DOCUMENTS, FORMAT, HELD, INFO, LENGTHS, OFFSET, ROLES, TOKENS, made_aside
from .roles import RoleBook, role_runs
from .scratch import Scratch
from .settings import METHOD, Settings
from .summary import Summary
from .tokenizer import Ints, Tokenizer
from .windows import check_length, cut, window_bos

_TEXTS, _CHARACTERS = 256, 2**20
"""Texts, and their characters, tokenised at a time."""
_BLOCK = 2**16
"""Windows copied at a time."""


def build(documents: Documents, tokenizer: Tokenizer, folder: Path, settings: Settings, progress: Progress) -> None:
    """Write the corpus of `documents` to `folder`. Raises as Corpus.build does."""
    check_length(settings, tokenizer)
    bos = window_bos(settings, tokenizer)
    documents.chat = documents.chat or tokenizer.chat
    documents.roles = partial(role_runs, documents.chat) if settings.roles else None
    book = RoleBook() if settings.roles else None
    settings = replace(settings, bos="none" if bos is None else "window")
    with made_aside(folder) as part:
        scratch = Scratch(part, settings.length, bos is not None, settings.similarity is not None, settings.roles)
        with scratch:
            _read(documents, tokenizer, scratch, bos, settings.tails, book, progress)
        if not scratch.windows:
            raise CorpusError(_empty(documents, scratch, settings.tails))
        kept = _kept(scratch, settings, progress)
        roles = {} if book is None else {"roles": _write_roles(part, scratch, kept, book)}
        _write(part, scratch, kept, settings, tokenizer, documents, roles)
        scratch.remove()


def _read(
    documents: Documents,
    tokenizer: Tokenizer,
    scratch: Scratch,
    bos: int | None,
    tails: bool,
    book: RoleBook | None,
    progress: Progress,
) -> None:
    """Tokenise and cut all documents into the scratch files, with their roles where there is a book of these."""
    for batch in _batches(documents):
        texts = [document.text for document in batch]
        encoded = tokenizer.encode_placed(texts) if book else [(tokens, None) for tokens in tokenizer.encode(texts)]
        known = [
            (document, tokens, places)
            for document, (tokens, places) in zip(batch, encoded, strict=True)
            if _known(document, tokens, tokenizer, documents)
        ]
        windows = cut([tokens for _, tokens, _ in known], scratch.documents, scratch.length, bos, tails)
        roles = None
        if book:
            codes = [book.codes(*each) for each in known]
            roles = cut(codes, scratch.documents, scratch.length, None if bos is None else 0, tails).tokens
        scratch.add([document for document, *_ in known], windows, roles)
        # A stream's size is not known: then the bar shows documents.
        sized = documents.size >> 20
        done, total = (documents.position >> 20, sized) if sized else (scratch.documents,) * 2
        progress("tokenising texts (MiB)" if sized else "tokenising documents", done, total)


def _batches(documents: Documents) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == _TEXTS or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _known(document: Document, tokens: Ints, tokenizer: Tokenizer, documents: Documents) -> bool:
    """Whether the model has an embedding for every token of a text; one that it lacks would end the pass over it."""
    if not len(tokens) or tokens.max() < tokenizer.d_vocab:
        return True
    documents.skip(document.id, f"holds token {tokens.max()}, and the model has {tokenizer.d_vocab}")
    return False


def _kept(scratch: Scratch, settings: Settings, progress: Progress) -> npt.NDArray[np.int64]:
    """The numbers of the windows that repeat none."""
    if settings.similarity is None:
        return np.arange(scratch.windows)
    step = "looking for windows that repeat"
    dropped = find_duplicates(
        scratch.tokens()[:, scratch.with_bos :],
        scratch.keys,
        settings.similarity,
        lambda done, total: progress(step, done, total),
    )
    return np.flatnonzero(~dropped)


def _write(
    part: Path,
    scratch: Scratch,
    kept: npt.NDArray[np.int64],
    settings: Settings,
    tokenizer: Tokenizer,
    documents: Documents,
    roles: dict[str, Any],
) -> None:
    """The corpus's files, from the windows that are kept; `roles` is said in its head."""
    whole = hashlib.sha256()
    head = {"format": FORMAT, "method": METHOD, "settings": settings.identity, "tokenizer": tokenizer.hash}
    whole.update(json.dumps(head, sort_keys=True).encode())
    tokens = scratch.tokens()
    out = np.lib.format.open_memmap(part / TOKENS, "w+", "<i4", (len(kept), settings.length))
    for at in range(0, len(kept), _BLOCK):
        piece = np.maximum(tokens[kept[at : at + _BLOCK]], 0)  # padding is a token that every model knows
        out[at : at + len(piece)] = piece
        whole.update(piece.tobytes())
    out.flush()
    every = scratch.read()
    lengths, document, offset = (column[kept] for column in every[:3])
    held = every[3][kept]
    counted = {LENGTHS: lengths} if settings.tails else {}
    counted |= {DOCUMENT: document, OFFSET: offset}
    for name, column in {**counted, HELD: held}.items():
        np.save(part / name, column)
    for column in counted.values():
        whole.update(column.astype("<i4").tobytes())
    _hash_ids(whole, part / DOCUMENTS)
    summary = _summary(scratch, lengths, int(held.sum()), documents)
    info = {**head, "hash": whole.hexdigest(), "summary": asdict(summary), "skipped": documents.skipped, **roles}
    info["name"] = documents.name
    info["passed_over"] = dict(documents.passed_over)
    write_json(part / INFO, info)


def _write_roles(part: Path, scratch: Scratch, kept: npt.NDArray[np.int64], book: RoleBook) -> dict[str, Any]:
    """The file of roles; their names, and a hash of both."""
    whole, codes = hashlib.sha256(json.dumps(book.names).encode()), scratch.roles()
    out = np.lib.format.open_memmap(part / ROLES, "w+", "u1", (len(kept), scratch.length))
    for at in range(0, len(kept), _BLOCK):
        piece = codes[kept[at : at + _BLOCK]]
        out[at : at + len(piece)] = piece
        whole.update(piece.tobytes())
    out.flush()
    return {"names": book.names, "hash": whole.hexdigest()}


def _hash_ids(whole: Any, path: Path) -> None:
    """Every id with its length, in order, batch by batch."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
        for number in range(reader.num_record_batches):
            for name in reader.get_batch(number).column(0).to_pylist():
                data = name.encode()
                whole.update(len(data).to_bytes(8, "little") + data)


def _summary(scratch: Scratch, lengths: Ints, held: int, documents: Documents) -> Summary:
    tokens = int(lengths.sum()) - scratch.with_bos * len(lengths)
    return Summary(
        documents=scratch.documents,
        skipped=documents.n_skipped,
        short=scratch.short,
        windows=len(lengths),
        held=held,
        duplicates=scratch.windows - len(lengths),
        tokens=tokens,
        tokens_lost=scratch.lost,
        tokens_duplicate=scratch.tokens_read - tokens,
        padded=int((lengths < scratch.length).sum()),
    )


def _empty(documents: Documents, scratch: Scratch, tails: bool) -> str:
    why = f" (the first: {documents.skipped[0]})" if documents.skipped else ""
    least, mend = "with a token", "give texts that can be read, and name their field if it is not 'text' (--field NAME)"
    if not tails:
        least, mend = (
            f"{scratch.length} tokens long",
            "give longer texts or a shorter length, or read tails too (--tails)",
        )
    return (
        f"the corpus is empty: {scratch.documents} documents were read, none of them {least}, and "
        f"{documents.n_skipped} skipped{why}; {mend}"
    )
