"""Who may do what on the local server: one user that may do everything, one that may only read records."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets

from .folder import Folder

DATABASE = "kb"
WRITER = "root"
READER = "reader"

_ROUNDS = 1000
"""Few: the passwords are 256 random bits, and every new connection pays for them."""

_EVERYTHING = {
    "resultSetLimit": -1,
    "readTimeout": -1,
    "access": ["updateSecurity", "updateSchema", "updateDatabaseSettings"],
    "types": {"*": {"access": ["createRecord", "readRecord", "updateRecord", "deleteRecord"]}},
}
_READING = {"resultSetLimit": -1, "readTimeout": -1, "access": [], "types": {"*": {"access": ["readRecord"]}}}
_NOTHING = {"resultSetLimit": -1, "readTimeout": -1, "access": [], "types": {"*": {"access": []}}}


def new_password() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def write_access(folder: Folder, writer: str, reader: str) -> None:
    """Write the server's users and groups files, with these passwords, before it starts."""
    users = [
        {"name": WRITER, "databases": {"*": ["admin"]}, "password": encoded(writer)},
        {"name": READER, "databases": {DATABASE: ["reader"]}, "password": encoded(reader)},
    ]
    groups = {"admin": _EVERYTHING, "reader": _READING, "*": _NOTHING}
    _write(folder, "server-users.jsonl", "".join(json.dumps(user) + "\n" for user in users))
    _write(folder, "server-groups.json", json.dumps({"databases": {"*": {"groups": groups}}, "version": 2}))


def encoded(password: str) -> str:
    """The password as the server's users file holds it: algorithm, rounds, salt and hash."""
    salt = base64.b64encode(secrets.token_bytes(32)).decode()
    raw = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS)
    return f"PBKDF2WithHmacSHA256${_ROUNDS}${salt}${base64.b64encode(raw).decode()}"


def _write(folder: Folder, name: str, text: str) -> None:
    with open(os.open(folder.config / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
