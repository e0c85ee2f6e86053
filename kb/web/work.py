"""Work that an HTTP request began: verbs that take long, each in a thread, asked for by the address of its answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Lock
from typing import Any

from ...schema import NeuronKBError
from ...schema.secrets import hidden
from ...schema.visible import plain
from ..doors import Offer
from ..session import Session

KEPT = 100
"""Pieces of work that are remembered when they are done."""


@dataclass
class Piece:
    """One verb that runs or has run."""

    id: str
    verb: str
    state: str = "waiting"
    """waiting, running, done or failed"""
    step: str = ""
    done: int = 0
    of: int = 0
    answer: dict[str, Any] | None = None
    error: str | None = None

    def json(self) -> dict[str, Any]:
        """As a request for it is answered."""
        return dict(vars(self))


@dataclass
class Work:
    """The pieces of one server, one after another: they share a store and a model."""

    session: Session
    _pieces: dict[str, Piece] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "work"))
    _turn: Lock = field(default_factory=Lock)

    def begin(self, offer: Offer, values: dict[str, Any]) -> Piece:
        """Put a verb in line."""
        piece = Piece(token_hex(8), offer.verb.path)
        with self._turn:
            self._pieces[piece.id] = piece
            finished = [name for name, held in self._pieces.items() if held.state in ("done", "failed")]
            for name in finished[: max(0, len(self._pieces) - KEPT)]:
                del self._pieces[name]
        self._pool.submit(self._run, piece, offer, values)
        return piece

    def piece(self, name: str) -> Piece | None:
        """One that was begun; None where nothing is known of it."""
        return self._pieces.get(name)

    def close(self) -> None:
        """Begin nothing more; what runs goes on to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, piece: Piece, offer: Offer, values: dict[str, Any]) -> None:
        def progress(step: str, done: int, of: int) -> None:
            piece.step, piece.done, piece.of = step, done, of

        piece.state = "running"
        try:
            session = self.session.aside(progress)
            piece.answer, piece.state = offer.ask(session, values).json(), "done"
        except NeuronKBError as error:
            piece.error, piece.state = plain(str(error)), "failed"
        except Exception as error:  # a thread's error is nobody's: whoever asks for the answer is told
            piece.error, piece.state = f"{type(error).__name__}: {plain(hidden(str(error)))} (a defect)", "failed"
