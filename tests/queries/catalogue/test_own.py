"""People's own queries: what is read, and one line for whatever else lies in their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from neuronkb.queries import catalogue
from neuronkb.queries.catalogue.own import MAX_FILES, OwnQueries
from neuronkb.queries.catalogue.own_page import EXAMPLE
from neuronkb.schema import QueryError

HEAD = "// What.\n{}// columns: x\n// needs: nothing\n// example: {{}}\n"
GOOD = HEAD.format("") + "RETURN 1 AS x\n"


def put(folder: Path, text: str | bytes = GOOD, name: str = "mine") -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.cypher").write_bytes(text.encode() if isinstance(text, str) else text)


def with_lines(lines: str, body: str = "RETURN $x AS x", example: str = '{"x": 1}') -> str:
    return HEAD.format(lines).replace("example: {}", f"example: {example}") + body


def problem(folder: Path) -> str:
    """What is wrong with the file `mine`, said by the list and where it is asked for, beside one that is good."""
    put(folder, name="good")
    listed = OwnQueries(folder).listed()
    (line,) = listed.problems
    assert list(listed.queries) == ["good"]
    assert line.startswith(f"{folder / 'mine.cypher'}: ")
    assert "\n" not in line
    with pytest.raises(QueryError) as caught:
        OwnQueries(folder).query("mine")
    assert str(caught.value) == line
    return line


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    listed = OwnQueries(tmp_path / "queries").listed()
    assert (listed.queries, listed.problems) == ({}, ())
    assert OwnQueries(tmp_path / "queries").query("models") is catalogue()["models"]


def test_files_are_queries_as_those_of_the_package_are(tmp_path: Path) -> None:
    put(tmp_path, EXAMPLE, "loud_neurons")
    put(tmp_path, b"\xef\xbb\xbf\r\n" + GOOD.replace("\n", "\r\n").encode())
    (tmp_path / ".#mine.cypher").symlink_to("me@host.1")
    (tmp_path / "notes.txt").write_text("not a query")
    listed = OwnQueries(tmp_path).listed()
    assert list(listed.queries) == ["loud_neurons", "mine"]
    assert listed.problems == ()
    asked = OwnQueries(tmp_path).query("loud_neurons")
    assert asked.own
    assert asked.values({"model": "m"}) == {"model": "m", "least": 0, "pole": 1, "top": 10}
    assert not catalogue()["models"].own


def test_a_change_counts_at_once(tmp_path: Path) -> None:
    put(tmp_path)
    own = OwnQueries(tmp_path)
    assert own.query("mine").purpose == "What."
    put(tmp_path, GOOD.replace("What", "Why"))
    assert own.query("mine").purpose == "Why."


def test_near_names_are_ones_own_too(tmp_path: Path) -> None:
    put(tmp_path, name="loud_neurons")
    with pytest.raises(QueryError, match="unknown query 'loud_neuron'; did you mean loud_neurons"):
        OwnQueries(tmp_path).query("loud_neuron")
    with pytest.raises(QueryError, match=r"unknown query '\.\./loud_neurons'"):
        OwnQueries(tmp_path / "queries").query("../loud_neurons")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"// What\xff.\n", "not UTF-8: invalid start byte at byte 7"),
        ("RETURN 1 AS x", "its head comment lacks a purpose; docs/queries.md"),
        ("", "its head comment lacks a purpose"),
        (HEAD.format(""), "no Cypher follows its head comment"),
        (with_lines("// $x: number; which\n"), r"\$x: 'number; which' is not `type"),
        (with_lines("// $x: int = ten; which\n"), r"\$x: the default 'ten' is not JSON"),
        (with_lines("// $x: int = " + "[" * 9000 + "; which\n"), "expected JSON"),
        (with_lines('// $x: int = "a"; which\n'), "does not fit: query 'mine': x is 'a', expected a whole number"),
        (with_lines("// $x: text of 1 | 2; which\n"), "does not fit: query 'mine': x is 1, expected a text"),
        (with_lines("// $x: int; which\n", example='{"y": 1}'), "its example: query 'mine' has no parameter 'y'"),
        (with_lines("// $x: int; which\n", example="{}"), "its example: query 'mine' needs x"),
        (with_lines("// $x: int; which\n", example="[1]"), "is no JSON object"),
        (with_lines("", example="{}"), r"uses \$x, which its head comment does not declare; add `// \$x: TYPE"),
        (with_lines("// $x: int; which\n", "RETURN '$x' AS x // $x"), r"declares \$x and never uses it"),
        (with_lines("// $Xx: int; which\n", "RETURN $Xx AS x"), r"cannot be called \$Xx; expected lower-case"),
        (with_lines("// $limit: int; which\n", "RETURN $limit AS x"), r"cannot be called \$limit"),
        (GOOD.replace("nothing", "DECODES from lm-head"), "needs 'DECODES' from lm-head, which makes DECODES_TO"),
        (GOOD.replace("nothing", "DECODES_TO from me"), "with a maker of lm-head"),
        (b"// " + b"x" * (65 * 2**20), "larger than 262,144 bytes"),
    ],
)
def test_a_file_that_is_no_query_is_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    put(tmp_path, text)
    with pytest.raises(QueryError, match=message):
        raise QueryError(problem(tmp_path))


def test_dollars_in_strings_comments_and_quotes_are_no_parameters(tmp_path: Path) -> None:
    put(tmp_path, with_lines("// $x: int; which\n", "MATCH (`$a`) /* $b */ RETURN '\\'$c' + \"$d\" + $x AS x // $e"))
    assert OwnQueries(tmp_path).query("mine").used == ("x",)


def test_comments_below_the_head_are_none_of_it(tmp_path: Path) -> None:
    put(tmp_path, GOOD.replace("RETURN", "\n// columns: y\nRETURN") + "// example: none\n")
    asked = OwnQueries(tmp_path).query("mine")
    assert (asked.header.columns, asked.header.example) == (("x",), {})
    put(tmp_path, GOOD.replace("RETURN", "// columns: y\nRETURN"))
    with pytest.raises(QueryError, match="says columns twice; take one out"):
        OwnQueries(tmp_path).query("mine")
    put(tmp_path, GOOD.replace("RETURN", "WITH 1 AS y\n// then\nRETURN"))
    assert OwnQueries(tmp_path).query("mine").header.example == {}


def test_what_is_no_file_of_the_folder(tmp_path: Path) -> None:
    folder, path = tmp_path / "queries", tmp_path / "queries" / "mine.cypher"
    folder.mkdir()
    path.symlink_to("/etc/passwd")
    assert "a link to '/etc/passwd', outside of its folder; put the file itself here" in problem(folder)
    path.unlink()
    path.symlink_to("mine.cypher")
    assert "link" in problem(folder)
    path.unlink()
    path.symlink_to("gone")
    assert "No such file" in problem(folder)
    path.unlink()
    path.mkdir()
    assert "no regular file; expected a text of Cypher" in problem(folder)
    path.rmdir()
    os.mkfifo(path)
    assert "no regular file" in problem(folder)
    path.unlink()
    path.symlink_to("good.cypher")
    put(folder, name="good")
    assert list(OwnQueries(folder).listed().queries) == ["good", "mine"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    put(tmp_path / "queries")
    (tmp_path / "queries" / "mine.cypher").chmod(0)
    assert "Permission denied" in problem(tmp_path / "queries")
    (tmp_path / "queries").chmod(0)
    try:
        assert "expected a folder that can be read" in OwnQueries(tmp_path / "queries").listed().problems[0]
        with pytest.raises(QueryError, match="unknown query 'mine'"):
            OwnQueries(tmp_path / "queries").query("mine")
    finally:
        (tmp_path / "queries").chmod(0o700)


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "queries").write_text("no folder")
    assert "Not a directory; expected a folder" in OwnQueries(tmp_path / "queries").listed().problems[0]


@pytest.mark.parametrize("name", ["Mine", "my-query", "1st", "m y", "a\nb", "\udcff", "ä"])
def test_names_that_no_query_has(tmp_path: Path, name: str) -> None:
    put(tmp_path, name=name)
    listed = OwnQueries(tmp_path).listed()
    (line,) = listed.problems
    assert "rename the file" in line
    assert len(line.splitlines()) == 1
    with pytest.raises(QueryError, match="unknown query"):
        OwnQueries(tmp_path).query(name)


def test_the_package_keeps_its_names(tmp_path: Path) -> None:
    put(tmp_path, name="models")
    listed = OwnQueries(tmp_path).listed()
    assert listed.queries == {}
    assert "'models' is a query of the package; rename the file" in listed.problems[0]
    assert not OwnQueries(tmp_path).query("models").own


def test_very_many_files(tmp_path: Path) -> None:
    for number in range(10_000):
        put(tmp_path, name=f"q{number:05}")
    listed = OwnQueries(tmp_path).listed()
    assert (len(listed.queries), list(listed.queries)[-1]) == (MAX_FILES, f"q{MAX_FILES - 1:05}")
    assert "holds 10,000 files of Cypher, the first 1,000 by name are listed" in listed.problems[0]
    assert OwnQueries(tmp_path).query("q09999").own
