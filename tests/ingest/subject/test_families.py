"""Every family is right in every layer, or refused with a sentence that is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.subject.architecture import find_architecture
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.schema import ModelError

from .sweep import FAMILIES, MIXTURES, RAW, REFUSED, RIGHT, WRAPPERS, build, certificates

PAGE = Path(__file__).parents[3] / "docs/families.md"


@pytest.mark.parametrize("family", [*RIGHT, *RAW])
def test_what_is_folded_is_what_the_model_computes(family: str, tmp_path: Path) -> None:
    whole, parts = certificates(family, tmp_path)
    assert whole.startswith("all 3 MLPs on a text")
    assert parts.startswith("layers 0, 1, 2 on random states")
    assert ("rows as stored only" in whole) == (family in RAW)


@pytest.mark.parametrize("family", MIXTURES)
def test_every_expert_is_what_the_model_computes(family: str, tmp_path: Path) -> None:
    (whole,) = certificates(family, tmp_path)
    assert int(whole.split()[1]) > 3


@pytest.mark.parametrize("family", WRAPPERS)
def test_the_language_model_in_one_that_sees_images_is_what_is_read(family: str, tmp_path: Path) -> None:
    whole, *parts = certificates(family, tmp_path)
    assert int(whole.split()[1]) >= 3
    assert len(parts) == (not family.endswith("_moe"))


@pytest.mark.parametrize("family", REFUSED)
def test_others_are_refused_with_the_part_that_differs(family: str, tmp_path: Path) -> None:
    build(family).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=REFUSED[family]):
        find_architecture(Checkpoint.open(tmp_path))


@pytest.mark.parametrize("family", RAW)
def test_no_norm_is_folded_where_a_matrix_stands_after_it(family: str, tmp_path: Path) -> None:
    build(family).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="stands between its layers and its unembedding"):
        LmHeadJob.open(tmp_path, settings={"convention": "folded"})


def test_the_page_has_every_family() -> None:
    told = dict(line.strip("| ").split(" | ", 1) for line in PAGE.read_text().splitlines() if line.startswith("| `"))
    assert set(told) == {f"`{family}`" for family in FAMILIES}
    assert {verdict for family, verdict in told.items() if family.strip("`") in RIGHT} == {"right"}
