"""The file of settings and the address of a server, whatever they hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from neuronkb.kb.stores.neo4j_settings import Settings, check_uri, from_file
from neuronkb.schema import StoreError

URI = "bolt://localhost:7687"
NOWHERE = Path("/nonexistent/neo4j.toml")


def written(folder: Path, data: bytes) -> Path:
    path = folder / "neo4j.toml"
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_what_the_file_says_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbf[neo4j]\nuser = "me"\npassword = "p"\n')
    assert Settings.find(URI, environ={}, config=path) == Settings(URI, "me", "p")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[neo4j", "not TOML"),
        (b"[neo4j]\nuser = " + b"[" * 5000, "nested deeper"),
        (b"[neo4j]\nuser = " + b"9" * 5000, "number"),
        (b"[neo4j]\nuser = 0x" + b"f" * 6000, "no setting"),
        (b"\xff", "not UTF-8"),
        (b"[neo4j]\nuser = 1979-13-01", "not TOML"),
        (b"[neo4j]\n" + b"a." * 40_000 + b"b = 1", "larger than 16,384 bytes"),
        (b"[neo4j]\n" + b"x" * 5000 + b" = 1", "no setting"),
        (b"neo4j = 3", "no setting"),
    ],
)
def test_noise_is_one_line_that_names_the_file(tmp_path: Path, data: bytes, why: str) -> None:
    path = written(tmp_path, data)
    with pytest.raises(StoreError, match=why) as caught:
        from_file(path, URI)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "uri", ["bolt://[::1", "bolt://a:99999", "bolt://a:b", "bolt://a\u2100b", "bolt://\ud800", "", "x" * 9000]
)
def test_what_is_no_address_is_told(uri: str) -> None:
    with pytest.raises(StoreError, match=r"is no (Neo4j )?address; expected"):
        check_uri(uri)


@pytest.mark.parametrize(
    "uri", ["bolt://me:sec\u2100ret@a", "bolt://me:secret@[a", "bolt://me:secret@a:b", "bolt://me:secret@a"]
)
def test_a_password_in_it_is_not_repeated(uri: str) -> None:
    with pytest.raises(StoreError) as caught:
        check_uri(uri)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize("uri", ["http://h:7687", "bolt://", "neo4j", "ftp://h"])
def test_uris_that_are_none(uri: str) -> None:
    with pytest.raises(StoreError, match="is no Neo4j address"):
        Settings.find(uri, environ={}, config=NOWHERE)


def test_a_password_in_the_uri_is_refused_and_not_repeated() -> None:
    with pytest.raises(StoreError, match="carries a user name or password") as caught:
        Settings.find("bolt://neo4j:hush@h:7687", environ={}, config=NOWHERE)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("uri", ["bolt://me:hu#sh@h:7687", "bolt://me:hush@h:port", "me:hush@h", "bolt://h?x=hush@"])
def test_however_it_is_written(uri: str) -> None:
    with pytest.raises(StoreError) as caught:
        Settings.find(uri, environ={}, config=NOWHERE)
    assert not [part for part in ("hush", "hu#", "sh@") if part in str(caught.value)]


def test_what_stands_behind_an_address_is_not_shown() -> None:
    found = Settings.find("neo4j://h?policy=hush-hush", password="gaudeamus-igitur", environ={}, config=NOWHERE)
    assert found.uri == "neo4j://h?policy=hush-hush"
    assert found.shown == "neo4j://h"
    assert "hush" not in repr(found)
    assert str(StoreError("who sings gaudeamus-igitur?")) == "who sings …?"


def test_where_settings_come_from(tmp_path: Path) -> None:
    file = tmp_path / "neo4j.toml"
    file.write_text('[neo4j]\nuri = "bolt://h"\nuser = "file"\npassword = "p-file"\ndatabase = "d-file"\n')
    file.chmod(0o600)
    environ = {"NEO4J_USERNAME": "env", "NEURONKB_NEO4J_PASSWORD": "p-env", "NEO4J_PASSWORD": "p-other"}
    assert Settings.find("bolt://h", environ={}, config=file) == Settings("bolt://h", "file", "p-file", "d-file")
    assert Settings.find("bolt://h", environ=environ, config=file) == Settings("bolt://h", "env", "p-env", "d-file")
    found = Settings.find("bolt://h", "arg", "p-arg", "d-arg", environ=environ, config=file)
    assert found == Settings("bolt://h", "arg", "p-arg", "d-arg")
    assert "p-arg" not in repr(found)
    assert Settings.find("bolt://h", environ={}, config=NOWHERE) == Settings("bolt://h", "neo4j", None, None)


def test_a_password_goes_to_no_other_server(tmp_path: Path) -> None:
    file = tmp_path / "neo4j.toml"
    file.write_text('[neo4j]\nuri = "bolt://h"\npassword = "p"\n')
    file.chmod(0o600)
    assert Settings.find("bolt://elsewhere", environ={}, config=file).password is None


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "neo4j.toml"
    file.write_text('[neo4j]\npassword = "hush"\n')
    file.chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600") as caught:
        Settings.find("bolt://h", environ={}, config=file)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("text", ["[neo4j", "neo4j = 1", "[neo4j]\nport = 1", "[neo4j]\npasword = 'hush'", "\xff"])
def test_a_bad_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "neo4j.toml"
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(StoreError, match="expected") as caught:
        Settings.find("bolt://h", environ={}, config=file)
    assert "hush" not in str(caught.value)
