from __future__ import annotations

from pathlib import Path

from neuronkb.ingest.features import Header
from neuronkb.ingest.features.code import PIECES, SIZE, build, files, from_files


def sources(folder: Path, suffix: str, n: int, lines: int) -> list[Path]:
    paths = [folder / f"{i}{suffix}" for i in range(n)]
    for path in paths:
        path.write_text("".join(f"{suffix} line {i} of {path.name} {'x' * 20}\n" for i in range(lines)), "utf-8")
    return paths


def test_pieces_of_files_by_language(tmp_path: Path) -> None:
    found = {"A": sources(tmp_path, ".a", 100, 60), "B": sources(tmp_path, ".b", 5, 200), "C": []}
    data = from_files(found, Header("programming_language", aggregation="mean"), 0)
    assert [feature.name for feature in data.header.features] == ["A", "B"]
    assert data.header.counts["A"].positives == data.header.counts["A"].groups_positive == PIECES
    # Few files: three pieces of each, none over another.
    assert (data.header.counts["B"].positives, data.header.counts["B"].groups_positive) == (15, 5)
    for record in data.records:
        assert record.labels == {"A": record.text.startswith(".a"), "B": record.text.startswith(".b")}
        assert len(record.text) <= SIZE
        # The first lines, where licences are, are left out.
        assert int(record.text.split()[2]) >= 20
    assert data == from_files(found, Header("programming_language", aggregation="mean"), 0)


def test_the_languages_that_are_installed() -> None:
    assert all(path.suffix == ".pyx" for path in files("Cython"))
    assert not any(
        "site-packages" in path.as_posix().partition("lib/python")[2].partition("/")[2] for path in files("Python")
    )
    data = build(0)
    counts = {name: count.groups_positive for name, count in data.header.counts.items()}
    for name in ("C", "C++", "Cython", "gettext", "HTML", "JavaScript", "Python", "stubs"):
        assert counts[name] >= 30, name
