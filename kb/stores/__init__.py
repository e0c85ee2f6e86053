"""The stores behind one base: a local folder, or a Neo4j server."""

from __future__ import annotations

from .base import Store, Told, untold


def open_store(
    where: str,
    *,
    create: bool = True,
    heap: str | None = None,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    told: Told = untold,
) -> Store:
    """Open the store named by a folder or a Bolt URI, and set it up if it is new; without `create` a new folder is
    refused.

    `heap` bounds the local server's memory, such as "2g"; the others are for a Neo4j server and fall back to the
    environment and the config file. A store of an older schema version is brought to this one; `told`
    of it. Raises StoreError, StoreBusyError or VersionError.
    """
    store: Store
    if "://" in where:
        from .neo4j import Neo4jStore

        store = Neo4jStore.open(where, user=user, password=password, database=database)
    else:
        from pathlib import Path

        from .local import LocalStore

        store = LocalStore.open(Path(where), heap=heap, create=create)
    try:
        store.setup(told)
    except BaseException:
        store.close()
        raise
    return store
