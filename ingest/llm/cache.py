"""Answers kept on disk: each is there as soon as it has come, and no prompt is asked twice."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np

from ...schema import LanguageModelError
from .client import Completion, Prompt, Scores, Slots

_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, model TEXT NOT NULL, made REAL NOT NULL,
    text TEXT, failure TEXT, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cut INTEGER NOT NULL,
    shape TEXT, logs BLOB
) WITHOUT ROWID
"""
_COLUMNS = "text, failure, prompt_tokens, completion_tokens, cut, shape, logs"


DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""What sqlite3 raises for a file that is changed: names and messages out of it need not be text."""


class AnswerCache:
    """One SQLite file of answers by the hash of everything that decides them. Several processes may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _opened(path)
        except DAMAGE as error:
            raise LanguageModelError(f"{path}: no cache of answers ({error}); move it away or name another") from None

    def __enter__(self) -> AnswerCache:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __len__(self) -> int:
        (count,) = self._ask("SELECT count(*) FROM answers")
        return int(count)

    def completion(self, key: str) -> Completion | None:
        """The text kept under a key."""
        row = self._row(key)
        return None if row is None else Completion(row[0], row[1], row[2], row[3], bool(row[4]))

    def scores(self, key: str) -> Scores | None:
        """The log-probabilities kept under a key."""
        row = self._row(key)
        if row is None:
            return None
        try:
            logs = None if row[6] is None else np.frombuffer(row[6], np.float64).reshape(json.loads(row[5])).copy()
        except (ValueError, TypeError, RecursionError):
            # Damaged on disk: it is asked for again.
            return None
        return Scores(logs, row[1], row[2], row[3])

    def put(self, key: str, kind: str, model: str, answer: Completion | Scores) -> None:
        """Keep an answer, for good once this returns. What cost nothing and failed is not kept: it is asked again."""
        spent = (answer.prompt_tokens, answer.completion_tokens)
        if answer.failure is not None and not any(spent):
            return
        text, cut, shape, logs = None, False, None, None
        if isinstance(answer, Completion):
            text, cut = answer.text, answer.cut
        elif answer.logs is not None:
            shape, logs = json.dumps(answer.logs.shape), np.ascontiguousarray(answer.logs).tobytes()
        row = (key, kind, model, time.time(), text, answer.failure, *spent, cut, shape, logs)
        self._ask(f"INSERT OR REPLACE INTO answers VALUES ({', '.join('?' * len(row))})", row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _row(self, key: str) -> Any:
        return self._ask(f"SELECT {_COLUMNS} FROM answers WHERE key = ?", (key,))

    def _ask(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        """The first row, if any. Raises LanguageModelError for a file that is damaged or cannot be written."""
        try:
            return self._db.execute(statement, values).fetchone()
        except DAMAGE as error:
            raise LanguageModelError(f"{self.path}: the cache of answers fails ({error}); move it away") from None


def _opened(path: Path) -> sqlite3.Connection:
    # Autocommit: an answer is on disk when `put` returns, whatever becomes of the process.
    found = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        found.execute("PRAGMA journal_mode = WAL")
        found.execute(_TABLE)
    except BaseException:
        found.close()
        raise
    return found


def prompt_key(kind: str, fingerprint: str, prompt: Prompt | Slots, **how: Any) -> str:
    """Hash of a prompt and everything else that decides its answer."""
    if isinstance(prompt, Slots):
        said: Any = {"slots": [prompt.text, *prompt.at]}
    elif isinstance(prompt, str):
        said = prompt
    else:
        said = [[message.role, message.text] for message in prompt]
    # Escaped, because a token may be half a character, which has no UTF-8.
    text = json.dumps({"kind": kind, "model": fingerprint, "prompt": said, **how}, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
