"""How a Neo4j server is reached: from arguments, then the environment, then a file of the user's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ...schema import StoreError
from ...schema.outside import Unreadable, is_text, parse_toml, read_bytes
from ...schema.secrets import bare_url, remember

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")

MAX_FILE = 16 * 2**10
"""Bytes of the file: a few lines are expected, and a long key takes the square of its length to read."""

VARIABLES = {
    "user": ("NEURONKB_NEO4J_USER", "NEO4J_USER", "NEO4J_USERNAME"),
    "password": ("NEURONKB_NEO4J_PASSWORD", "NEO4J_PASSWORD"),
    "database": ("NEURONKB_NEO4J_DATABASE", "NEO4J_DATABASE"),
}


@dataclass(frozen=True)
class Settings:
    """Where the server is and who asks. The password is in no repr, nor what stands behind the address."""

    uri: str = field(repr=False)
    user: str = "neo4j"
    password: str | None = field(default=None, repr=False)
    """None: without authentication, for a server that has it switched off."""
    database: str | None = None
    """None: the user's home database."""

    @classmethod
    def find(
        cls,
        uri: str,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        environ: Mapping[str, str] = os.environ,
        config: Path | None = None,
    ) -> Settings:
        """Each setting from the first place that has it: the arguments, `environ`, then the file `config`.

        Raises StoreError for a uri that no driver takes or that carries a password, and for a bad file.
        """
        check_uri(uri)
        given = {"user": user, "password": password, "database": database}
        kept = from_file(config or default_config(), uri)
        found = {}
        for name, value in given.items():
            values = (value, *(environ.get(variable) for variable in VARIABLES[name]), kept.get(name))
            found[name] = next((v for v in values if v), None)
        remember(found["password"])
        return cls(uri, found["user"] or "neo4j", found["password"], found["database"])

    @property
    def shown(self) -> str:
        """The address without what stands behind it."""
        return bare_url(self.uri)


def default_config() -> Path:
    """`neo4j.toml` in the user's configuration folder."""
    import platformdirs

    return platformdirs.user_config_path("neuronkb") / "neo4j.toml"


def check_uri(uri: str) -> None:
    """Raise StoreError unless the driver takes `uri`; one with a password in it is not repeated."""
    try:
        parts = urlsplit(uri)
        whole = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port or 0) >= 0 and is_text(uri)
    except ValueError:
        whole = False
    if "@" in uri:
        raise StoreError(
            f"the address of {bare_url(uri)!r} carries a user name or password, where logs and process lists show it; "
            f"leave it out and set {VARIABLES['user'][0]} and {VARIABLES['password'][0]}"
        )
    if not whole:
        shown = bare_url(uri)
        raise StoreError(f"{shown!r} is no Neo4j address; expected one such as bolt://localhost:7687 or neo4j+s://HOST")


def from_file(path: Path, uri: str) -> dict[str, str]:
    """The settings of a file's `[neo4j]` table: user, password and database, or none where its uri is another.

    A password goes only to the server it was written down for. Raises StoreError for a file that cannot be
    read or that other users of this machine can read.
    """
    if not os.path.isfile(path):
        return {}
    try:
        table = parse_toml(read_bytes(path, MAX_FILE)).get("neo4j", {})
    except (OSError, Unreadable) as error:
        raise StoreError(f"{path}: cannot be read ({error}); expected a [neo4j] table in TOML") from None
    known = ("uri", *VARIABLES)
    for name, value in table.items() if isinstance(table, dict) else [("neo4j", table)]:
        if name not in known or not isinstance(value, str):
            raise StoreError(f"{path}: {name[:60]!r} is no setting; expected texts {', '.join(known)} under [neo4j]")
    if "password" in table and os.name == "posix" and path.stat().st_mode & 0o077:
        raise StoreError(f"{path} holds a password and other users can read it; run: chmod 600 {path}")
    return table if table.get("uri") in (None, uri) else {}
