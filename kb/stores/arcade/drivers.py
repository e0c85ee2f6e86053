"""Drivers for the local server's Bolt side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import WRITER
from .folder import State

if TYPE_CHECKING:
    from neo4j import Driver


def connect(state: State) -> tuple[State, Driver] | None:
    """A driver for the server of this state; None where no such server answers."""
    from neo4j.exceptions import DriverError, Neo4jError

    writer = driver(state, WRITER, pool=100)
    try:
        writer.verify_connectivity()
    except (DriverError, Neo4jError, OSError):
        writer.close()
        return None
    return state, writer


def driver(state: State, user: str, pool: int) -> Driver:
    """A driver for the user on the server of this state, with at most `pool` connections."""
    from neo4j import GraphDatabase

    password = state.writer if user == WRITER else state.reader
    return GraphDatabase.driver(
        f"bolt://127.0.0.1:{state.bolt}",
        auth=(user, password),
        max_connection_pool_size=pool,
        connection_timeout=5.0,
        connection_acquisition_timeout=60.0,
        max_transaction_retry_time=10.0,
        liveness_check_timeout=5.0,  # a long computation may lie between two questions
        telemetry_disabled=True,
    )
