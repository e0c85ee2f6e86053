"""The file of settings and the address of a server, whatever they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.kb.stores.neo4j_settings import Settings, check_uri, from_file
from neuronkb.schema import StoreError

URI = "bolt://localhost:7687"


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
