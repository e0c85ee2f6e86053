from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from neuronkb.ingest.features.tables import Classed, Columns, read_classes
from neuronkb.schema import FeatureError

ROWS = [
    {"text": "Bonjour.", "language": "fr", "group": 1},
    {"text": "Hello.", "language": "en", "group": 1},
    {"text": "Hallo.", "language": "de", "group": 2},
]
FOUND = [Classed("fr", "1", "Bonjour."), Classed("en", "1", "Hello."), Classed("de", "2", "Hallo.")]


def test_rows_of_json_and_parquet(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert read_classes(path, Columns()) == FOUND
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    assert read_classes(tmp_path / "rows.parquet", Columns()) == FOUND


def test_a_column_inside_an_object_and_rows_as_groups(tmp_path: Path) -> None:
    path = tmp_path / "pile.jsonl"
    rows = [{"body": f"text {i}", "meta": {"pile_set_name": f"set{i % 2}"}} for i in range(4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read_classes(path, Columns("body"))
    assert [(one.label, one.group) for one in found] == [
        ("set0", "pile.jsonl:1"),
        ("set1", "pile.jsonl:2"),
        ("set0", "pile.jsonl:3"),
        ("set1", "pile.jsonl:4"),
    ]


def test_a_folder_with_a_folder_a_class(tmp_path: Path) -> None:
    for name, text in (("fr", "Bonjour."), ("en", "Hello.")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text)
    assert [(one.label, one.text) for one in read_classes(tmp_path, Columns())] == [
        ("en", "Hello."),
        ("fr", "Bonjour."),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"x\.jsonl:2: cut off.*; expected a JSON object"),
        ('{"txt": "a", "label": "b"}', r"x\.jsonl:2: no text in 'text'; it has txt, label"),
        ('{"text": "a", "kind": "b"}', r"x\.jsonl:2: no class in label, language.* it has text, kind"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{{"text": "a", "label": "b"}}\n{line}\n')
    with pytest.raises(FeatureError, match=message):
        read_classes(path, Columns())


def test_sources_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(FeatureError, match="is no source of texts with classes"):
        read_classes(tmp_path / "x.csv", Columns())
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(FeatureError, match="cannot be read as Parquet"):
        read_classes(tmp_path / "x.parquet", Columns())
    (tmp_path / "one.jsonl").write_text('{"text": "a", "label": "b"}\n')
    with pytest.raises(FeatureError, match="has 1 classes, expected two or more"):
        read_classes(tmp_path / "one.jsonl", Columns())
