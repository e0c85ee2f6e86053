from __future__ import annotations

import json
from pathlib import Path

import pytest
from neuronkb.ingest.features.builders import BUILDERS, build
from neuronkb.ingest.features.sources import Source
from neuronkb.ingest.features.tables import Columns
from neuronkb.schema import FeatureError


def source(path: Path, **columns: str) -> Source:
    return Source(str(path), 7, Columns(**columns))


def test_languages_of_a_users_rows(tmp_path: Path) -> None:
    path = tmp_path / "europarl.jsonl"
    rows = [{"text": f"{code} sentence", "lang": code, "section": i} for i in range(3) for code in ("fr", "xx")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = build("natural_language", source=source(path, group="section"))
    assert [feature.name for feature in data.header.features] == ["is_french", "is_xx"]
    assert (data.header.dataset, data.header.seed, data.header.aggregation) == ("europarl.jsonl", 7, "mean")
    assert {record.group for record in data.records} == {"0", "1", "2"}
    assert data.records[0].labels == {"is_french": True, "is_xx": False}


def test_texts_without_classes(tmp_path: Path) -> None:
    path = tmp_path / "paper.tex"
    path.write_text(r"Let $x^{2}$ be \frac{1}{2} of $\frac{a}{b_i}$.")
    latex = build("latex", source=source(path))
    assert {"is_numerator", "is_superscript", "is_math"} <= {feature.name for feature in latex.header.features}
    assert latex.header.at == "every"
    rules = build("text_features", source=source(path))
    assert len(rules.header.features) == 33
    with pytest.raises(FeatureError, match="no bigram"):
        build("compound_words", source=source(path))
    with pytest.raises(FeatureError, match="none of 1 texts names a person"):
        build("facts", source=source(path))


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="needs a treebank in CoNLL-U"):
        build("dependency", source=source(tmp_path / "none.conllu"))
    with pytest.raises(FeatureError, match="no category 'languages'"):
        build("languages")
    assert len(BUILDERS) == 10
