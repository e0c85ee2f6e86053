"""Published tables as rows: what each file leaves unsaid, what is skipped, and what is an error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neuronkb.ingest.probes import published
from neuronkb.ingest.probes.publications import Shape
from neuronkb.ingest.probes.published import Given, read_published
from neuronkb.schema import PublishedError

HEAD = "model,dataset,feature,layer,neuron,test_mcc,test_f1_score"
LINE = "pythia-70m,ewt.pyth.512.-1,upos_NOUN,3,17,0.5,0.75"


def write(folder: Path, *lines: str, name: str = "t.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder / name


def test_a_row_with_what_it_has(tmp_path: Path) -> None:
    (row,) = read_published(write(tmp_path, HEAD, LINE)).rows
    assert str(row.neuron) == "EleutherAI/pythia-70m-v0/L3/N17"
    assert (row.line, row.dataset, row.feature, row.aggregation) == (2, "ewt.pyth.512.-1", "upos_NOUN", None)
    assert row.scores == {"mcc": 0.5, "f1": 0.75}


def test_whole_numbers_of_a_table_with_gaps_are_read(tmp_path: Path) -> None:
    rows = read_published(
        write(tmp_path, HEAD + ",k", LINE.replace("70m", "6.9b").replace("3,17", "3.0,5000.0") + ",1.0")
    ).rows
    assert [str(row.neuron) for row in rows] == ["EleutherAI/pythia-6.9b-v0/L3/N5000"]


def test_a_bom_blank_lines_blank_cells_and_other_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff" + HEAD + ",seconds", "", LINE.replace("0.75", "nan") + ",9", "", LINE[:-4] + ",")
    table = read_published(write(tmp_path, *path.read_text("utf-8").splitlines()[:-1]))
    assert table.rows[0].scores == {"mcc": 0.5, "f1": None}
    assert table.rows[0].line == 3
    assert table.ignored == ("seconds",)
    assert table.total == 1


def test_the_model_from_the_option_the_file_or_its_folder(tmp_path: Path) -> None:
    lines = ("dataset,feature,layer,neuron,test_mcc", "d,f,1,2,0.5")
    for path in (write(tmp_path / "pythia-410m", *lines), write(tmp_path, *lines, name="pythia410m_neurons.csv")):
        assert read_published(path).rows[0].neuron.model == "EleutherAI/pythia-410m-v0"
        assert read_published(path, Given(model="mine")).rows[0].neuron.model == "mine"
    nameless = read_published(write(tmp_path / "x", *lines))
    assert dict(nameless.skipped) == {"no column 'model'; name it with --model": 1}


def test_data_set_and_feature_from_the_options(tmp_path: Path) -> None:
    path = write(tmp_path, "model,layer,neuron,test_mcc", "gpt2,1,2,0.5")
    assert dict(read_published(path).skipped) == {"no column 'dataset'; name it with --dataset": 1}
    assert dict(read_published(path, Given(dataset="d")).skipped) == {"no column 'feature'; name it with --feature": 1}
    (row,) = read_published(path, Given(dataset="d", feature="f")).rows
    assert (str(row.neuron), row.dataset, row.feature, row.scores) == ("gpt2/L1/N2", "d", "f", {"mcc": 0.5})


def test_the_published_file_without_a_feature(tmp_path: Path) -> None:
    path = write(tmp_path, "layer,neuron,test_mcc", "1,1117,0.99", name="pythia70m_prime_factor_neurons.csv")
    (row,) = read_published(path).rows
    assert (row.dataset, row.feature) == ("compound_words.pyth.24.-1", "prime-factors")
    assert str(row.neuron) == "EleutherAI/pythia-70m-v0/L1/N1117"


def test_rows_that_are_no_single_neuron_are_counted(tmp_path: Path) -> None:
    table = read_published(
        write(
            tmp_path,
            HEAD + ",hook_loc,k",
            LINE + ",mlp.hook_post,1",
            LINE + ",mlp.hook_post,1",
            LINE.replace("17", "18") + ",resid_post,1",
            LINE.replace("17", "19") + ",mlp.hook_post,4",
            LINE.replace("17", "20").replace("0.5,0.75", ",") + ",mlp.hook_post,1",
        )
    )
    assert len(table.rows) == 1
    assert dict(table.skipped) == {
        "the same row again": 1,
        "units of 'resid_post' are not neurons": 1,
        "a probe of k=4 neurons without its support": 1,
        "no score in the row": 1,
    }
    assert table.total == 5


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEAD, LINE.replace("3,17", "3,x")), r":2: neuron is 'x', expected a whole number from 0"),
        ((HEAD, LINE.replace("3,17", "-3,17")), r":2: layer is '-3'"),
        ((HEAD, LINE.replace("3,17", "3.5,17")), r":2: layer is '3.5'"),
        ((HEAD, LINE.replace("3,17", "6,17")), r":2: layer 6, and EleutherAI/pythia-70m-v0 has layers 0 to 5"),
        ((HEAD, LINE.replace("3,17", "3,2048")), r":2: neuron 2048, and .* has neurons 0 to 2047"),
        ((HEAD, LINE.replace("0.75", "1.5")), r":2: test_f1_score is 1.5, expected 0 to 1"),
        ((HEAD, LINE.replace("0.5,", "-2,")), r":2: test_mcc is -2, expected -1 to 1"),
        ((HEAD, LINE.replace("0.75", "inf")), r":2: test_f1_score is inf"),
        ((HEAD, LINE, LINE.replace("0.75", "0.76")), r":3: .*L3/N17 and 'upos_NOUN' have other scores in line 2"),
        ((HEAD, LINE + ",1"), r":2: 8 cells under 7 columns"),
        ((HEAD, LINE.replace("upos_NOUN", "")), r":2: no feature; name it with --feature"),
        ((HEAD + ",layer", LINE), r":1: column 'layer' is there twice"),
        ((HEAD, LINE.replace("upos_NOUN", "x" * 2000)), r":2: a cell of more than 1,000 characters"),
        ((HEAD, LINE.replace("upos", '"upos')), r":2: not CSV"),
        (("",), r"empty; expected a CSV"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(PublishedError, match=message) as caught:
        read_published(write(tmp_path, *lines))
    assert str(tmp_path / "t.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sizes_known_from_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD, LINE.replace("pythia-70m", "mine"))
    assert read_published(path).rows
    with pytest.raises(PublishedError, match="mine has neurons 0 to 9"):
        read_published(path, Given(shapes={"mine": Shape(9, 10)}))


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PublishedError, match=r"none\.csv' cannot be read"):
        read_published(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + b"\n\xe9t\xe9\n")
    with pytest.raises(PublishedError, match=r"latin\.csv:2: not UTF-8"):
        read_published(tmp_path / "latin.csv")
    path = write(tmp_path, HEAD, LINE, LINE.replace("17", "18"))
    monkeypatch.setattr(published, "ROWS", 1)
    with pytest.raises(PublishedError, match=":3: more than 1 rows"):
        read_published(path)
    monkeypatch.setattr(published, "SIZE", 10)
    with pytest.raises(PublishedError, match="larger than"):
        read_published(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(st.sampled_from('mlnf0123.,"\n\r x-'), max_size=80))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.csv"
    path.write_text(HEAD + "\n" + text, "utf-8")
    refused = ""
    try:
        table = read_published(path)
    except PublishedError as error:
        refused = str(error)
    else:
        assert table.total == len(table.rows) + sum(table.skipped.values())
    assert not refused or "any.csv:" in refused
