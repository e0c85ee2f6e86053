"""Token windows on disk, in the order in which their texts were read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schema import BundleError, CorpusError, conform, digest, table
from ..bundle.layout import read_json
from ..progress import Progress, silent
from .build import build
from .documents import Documents
from .layout import DOCUMENT, DOCUMENTS, FORMAT, HELD, INFO, LENGTHS, OFFSET, ROLES, TOKENS
from .roles import Roles
from .settings import Settings
from .summary import Summary
from .tokenizer import Ints, Tokenizer

if TYPE_CHECKING:
    import torch

DAMAGE = (OSError, ValueError, EOFError, SyntaxError, MemoryError, TokenError)
"""What numpy raises for an array's file that is cut or changed: it reads the head as Python."""
_ARRAYS = (TOKENS, DOCUMENT, OFFSET, HELD)
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Windows of `length` tokens and, at the ends of documents, fewer; arrays are mapped from disk, a row a window."""

    folder: Path
    hash: str
    """hex sha256 over settings, tokenizer, tokens, and each window's length, document and place in it"""
    settings: Settings
    """with `bos` decided: `window` or `none`"""
    tokenizer: str
    """hash of the tokenizer's id -> bytes table"""
    summary: Summary
    skipped: tuple[str, ...]
    """`file:line why` of the first hundred texts that could not be read"""
    tokens: Ints
    """`[n_windows, length]`, 0 behind a window's end"""
    lengths: Ints
    """`[n_windows]` tokens of each window, BOS included"""
    document: Ints
    """`[n_windows]` number of the window's document"""
    offset: Ints
    """`[n_windows]` position in the document of the first token that is not the added BOS"""
    held: npt.NDArray[np.bool_]
    """`[n_windows]` held out for scoring; windows of one document are all held out or all not"""
    documents: pa.ChunkedArray
    """`[n_documents]` ids by number"""
    passed_over: Mapping[str, int]
    """files of folders that gave no document, by the ending of their names"""
    roles: Roles | None = None
    """whose turn each token stands in, where that was asked for"""
    name: str | None = None
    """what its sources are called; None where an earlier release built it"""

    @property
    def notes(self) -> tuple[str, ...]:
        """A line each on what was not read."""
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in sorted(self.passed_over.items(), key=lambda one: -one[1]))
        made = [f"passed over files that hold no text: {kinds}"] if kinds else []
        if self.summary.skipped and self.skipped:
            made.append(f"skipped {self.summary.skipped:,} texts; the first: {self.skipped[0]}")
        return tuple(made)

    @classmethod
    def build(
        cls,
        documents: Documents,
        tokenizer: Tokenizer,
        folder: Path,
        settings: Settings | Mapping[str, Any] | None = None,
        progress: Progress = silent,
    ) -> Corpus:
        """Tokenise and cut `documents` into windows, drop those that repeat, and write them to a new folder.

        With tails every token is in a window: the last of a document is as long as what is left of it.

        Memory does not grow with the corpus but for under 50 bytes a window. The folder is there once it is whole.
        Raises ModelError for windows longer than the model's context, CorpusError for a corpus without windows, a
        folder that holds something, or texts that cannot be read.
        """
        build(documents, tokenizer, folder, Settings.of(settings), progress)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """The corpus in a folder. Raises CorpusError where there is none, or it is damaged or of another release."""
        try:
            info = read_json(folder / INFO)
        except BundleError as error:
            raise CorpusError(f"{str(folder)!r} is no corpus ({error})") from None
        if info.get("format") != FORMAT:
            raise CorpusError(f"{str(folder)!r}: format {info.get('format')!r} is not known; build the corpus again")
        try:
            found = cls._read(folder, info)
        except (*DAMAGE, KeyError, TypeError, pa.ArrowException) as error:
            raise CorpusError(f"{str(folder)!r} is damaged ({error}); build the corpus again") from None
        found._check()
        return found

    @classmethod
    def _read(cls, folder: Path, info: Mapping[str, Any]) -> Corpus:
        tokens, document, offset, held = (_array(folder / name) for name in _ARRAYS)
        try:
            settings = Settings.of({"tails": False, "roles": "roles" in info, **info["settings"]})
        except CorpusError as error:
            raise CorpusError(f"{str(folder / INFO)!r} is damaged ({error}); build the corpus again") from None
        told = info.get("roles")
        names = () if told is None else tuple(str(name) for name in told["names"])
        lengths = _array(folder / LENGTHS) if settings.tails else np.full(len(tokens), tokens.shape[1], np.int32)
        with pa.memory_map(str(folder / DOCUMENTS)) as source:
            documents = pa.ipc.open_file(source).read_all().column("id")
        return cls(
            folder,
            str(info["hash"]),
            settings,
            str(info["tokenizer"]),
            Summary(**info["summary"]),
            tuple(info["skipped"]),
            tokens,
            lengths,
            document,
            offset,
            held,
            documents,
            {str(kind): int(n) for kind, n in dict(info.get("passed_over", {})).items()},
            None if told is None else Roles(names, _array(folder / ROLES), str(told["hash"])),
            None if info.get("name") is None else str(info["name"]),
        )

    def _check(self) -> None:
        """Raises CorpusError where the files do not belong together."""
        n, length = self.summary.windows, self.settings.length
        arrays = (self.tokens, self.lengths, self.document, self.offset, self.held)
        shapes = [(n, length), *[(n,)] * 4]
        if [a.shape for a in arrays] != shapes or [a.dtype for a in arrays] != [*[np.int32] * 4, np.bool_]:
            raise CorpusError(f"{str(self.folder)!r} is damaged: {n} windows of {length} tokens were expected")
        if n and not int(self.bos) < self.lengths.min() <= self.lengths.max() <= length:
            raise CorpusError(f"{str(self.folder)!r} is damaged: windows of 1 to {length} tokens were expected")
        codes = None if self.roles is None else self.roles.codes
        if codes is not None and (codes.shape != (n, length) or codes.dtype != np.uint8):
            raise CorpusError(f"{str(self.folder)!r} is damaged: roles of {n} windows were expected")
        if len(self.documents) != self.summary.documents:
            raise CorpusError(f"{str(self.folder)!r} is damaged: {self.summary.documents} documents were expected")

    def __len__(self) -> int:
        """Windows."""
        return len(self.tokens)

    @property
    def bos(self) -> bool:
        """Whether windows start with BOS."""
        return self.settings.bos == "window"

    def batches(self, size: int, start: int = 0) -> Iterator[tuple[int, torch.Tensor]]:
        """The number of the first window and the tokens, int64 `[size or fewer, length]`, from window `start` on.

        Behind a window's length (`lengths`) stands 0.
        """
        import torch

        for first in range(start, len(self), size):
            yield first, torch.from_numpy(self.tokens[first : first + size].astype(np.int64))

    def reading_order(self, numbers: Sequence[int] | npt.NDArray[np.integer]) -> Numbers:
        """Numbers of windows in the order in which a model reads them: whole ones as given, then the ends of documents,
        longest first. So windows of about one length go together, and a whole one is never padded."""
        chosen = np.asarray(numbers, np.int64)
        return chosen[np.argsort(-self.lengths[chosen], kind="stable")]

    def parts(self, ordered: Numbers, size: int, start: int = 0) -> Iterator[Numbers]:
        """Windows in their `reading_order`, from place `start` on, by `size` or fewer; none has both whole and shorter
        ones. So the windows of a document lie next to one another in each, if `ordered` came of ascending numbers."""
        whole = int((self.lengths[ordered] == self.settings.length).sum())
        for first, end in ((start, whole), (max(start, whole), len(ordered))):
            for at in range(first, end, size):
                yield ordered[at : min(at + size, end)]

    def inputs(self, numbers: Numbers) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Tokens int64 `[n, longest]` of windows, 0 behind their ends, and the attention mask, int64 of the same shape;
        None where all are of one length. `longest` is the longest of these."""
        import torch

        lengths = self.lengths[numbers]
        longest = int(lengths.max())
        ids = torch.from_numpy(self.tokens[numbers][:, :longest].astype(np.int64))
        if lengths.min() == longest:
            return ids, None
        return ids, torch.from_numpy((np.arange(longest) < lengths[:, None]).astype(np.int64))

    def excerpts(
        self,
        numbers: Sequence[int] | npt.NDArray[np.integer],
        texts: Sequence[str],
        pieces: Sequence[bytes] | None = None,
    ) -> pa.Table:
        """Nodes of the given windows, in their order: the `Excerpt` table.

        `texts` are the decoded surfaces by token number (Vocabulary.texts), `pieces` their bytes (Vocabulary.pieces):
        with them a character that is spread over several tokens is whole in `text`, which is without BOS. `tokens` has
        one entry a position, BOS too, so that activations stand beside them. Ids are hashes of corpus, number of the
        document, and offset.
        """
        chosen = np.asarray(numbers, np.int64)
        rows = [row[:n] for row, n in zip(self.tokens[chosen].tolist(), self.lengths[chosen].tolist(), strict=True)]
        bodies = [row[self.bos :] for row in rows]
        if pieces is None:
            shown = ["".join(texts[token] for token in body) for body in bodies]
        else:
            shown = [b"".join(pieces[token] for token in body).decode(errors="replace") for body in bodies]
        places = list(zip(self.document[chosen].tolist(), self.offset[chosen].tolist(), strict=True))
        ids = [digest({"corpus": self.hash, "document": document, "offset": offset}) for document, offset in places]
        columns = {
            "id": ids,
            "corpus": [self.hash] * len(ids),
            "document": self.documents.take(pa.array([document for document, _ in places], pa.int64())),
            "offset": [offset for _, offset in places],
            "text": shown,
            "tokens": pa.array([[texts[token] for token in row] for row in rows], pa.list_(pa.string())),
        }
        return conform(table("Excerpt"), pa.table(columns))


def _array(path: Path) -> np.ndarray[Any, Any]:
    """The array of a file, mapped. Raises ValueError also for what numpy reads with a warning: a header of Python 2."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except UserWarning as warning:
            raise ValueError(str(warning).splitlines()[0]) from None
    return found
