"""The driver's errors as ours, with the server's message and where it points."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from neo4j.exceptions import AuthError, DriverError, IncompleteCommit, Neo4jError, ServiceUnavailable, SessionExpired

from ...schema import LimitError, QueryError, ReadOnlyError, StoreError
from ...schema.secrets import hidden

_DENIED = ("Neo.ClientError.Security.Forbidden", "Neo.ClientError.Statement.AccessMode")
_TIMED_OUT = "TransactionTimedOut"
_STOPPED = ("Neo.TransientError.Transaction.Terminated", "Neo.ClientError.Transaction.Terminated")

# What the driver logs is raised here too; without a handler Python would print it between a command's own words.
logging.getLogger("neo4j").addHandler(logging.NullHandler())


class GoneError(StoreError):
    """The server does not answer, and has done nothing that was asked: it may be asked again."""


@contextmanager
def translated(timeout: float | None = None, reading: bool = False) -> Iterator[None]:
    """Raise the driver's errors inside as StoreError or one of its kinds.

    `timeout` in seconds is what the call allowed, for the message; `reading` tells a refused write apart.
    """
    try:
        yield
    except AuthError as error:
        raise StoreError(f"the server refused the user name or password: {one_line(error)}") from error
    except IncompleteCommit as error:
        raise StoreError(
            "the connection broke while the server was committing; load again: rows that are in are not written twice"
        ) from error
    except (ServiceUnavailable, SessionExpired) as error:
        raise GoneError(f"the server cannot be reached: {one_line(error)}") from error
    except Neo4jError as error:
        raise _server_error(error, timeout, reading) from error
    except DriverError as error:
        if "closed" in str(error).lower():
            raise GoneError(f"the server cannot be reached: {one_line(error)}") from error
        raise QueryError(one_line(error)) from error
    except RecursionError as error:
        raise QueryError("the answer holds lists or maps too deep in each other; return their parts") from error
    except (TypeError, ValueError, OverflowError) as error:
        if not reading:
            raise
        raise QueryError(
            f"a value that the server cannot be sent, or sent and cannot be read: {one_line(error)}"
        ) from error


def may_not_write(error: StoreError) -> bool:
    """Whether a write of ours was refused because the user, or the database, is for reading alone."""
    cause = error.__cause__
    code = (cause.code or "") if isinstance(cause, Neo4jError) else ""
    return code in _DENIED or "ReadOnly" in code


def too_slow(timeout: float | None) -> str:
    """The message of a read that ran past its time limit."""
    return (
        f"the query ran past its time limit of {timeout:g} s; narrow it, or allow more time"
        if timeout
        else ("the query ran past the server's time limit; narrow it")
    )


def one_line(error: Exception) -> str:
    """The error's text on one line, without the echo of the query that a `^` under it ends."""
    text = error.message if isinstance(error, Neo4jError) and error.message else str(error)
    lines = text.splitlines()
    if len(lines) > 2 and lines[-1].strip() == "^":
        lines = lines[:-2]
    return hidden(" ".join(" ".join(lines).split()))


def _server_error(error: Neo4jError, timeout: float | None, reading: bool) -> StoreError:
    code = error.code or ""
    if _TIMED_OUT in code or (reading and code in _STOPPED):
        return LimitError(too_slow(timeout))
    if reading and code in _DENIED:
        return ReadOnlyError(f"a read may not do this: {one_line(error)}")
    if "DatabaseNotFound" in code:
        return StoreError(f"{one_line(error)}; name a database the server has")
    return QueryError(one_line(error))
