"""Every kind of file that texts come in, and data sets on disk."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.activations.job import ActivationsJob
from neuronkb.ingest.corpus import Corpus, Document, Tokenizer, read_documents
from neuronkb.ingest.corpus.files import saved_files
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import CorpusError
from neuronkb.tests import planted

Rows = list[dict[str, str]]


def separated(rows: Rows, mark: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "text"], delimiter=mark)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def arrow(rows: Rows) -> bytes:
    data, out = pa.Table.from_pylist(rows, pa.schema([("id", pa.string()), ("text", pa.string())])), io.BytesIO()
    with pa.ipc.new_stream(out, data.schema) as writer:
        writer.write_table(data)
    return out.getvalue()


def parquet(rows: Rows) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([("id", pa.string()), ("text", pa.string())])), out)
    return out.getvalue()


WRITTEN: dict[str, Callable[[Rows], bytes]] = {
    ".jsonl": lambda rows: b"".join(json.dumps(row).encode() + b"\n" for row in rows),
    ".json": lambda rows: json.dumps(rows).encode(),
    ".csv": lambda rows: separated(rows, ","),
    ".tsv": lambda rows: separated(rows, "\t"),
    ".parquet": parquet,
    ".arrow": arrow,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
KINDS = st.tuples(st.sampled_from(sorted(WRITTEN)), st.sampled_from(sorted(PACKED)))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> LiveModel:
    folder = planted.base(tmp_path_factory.mktemp("model") / "tiny")
    return LiveModel.open(folder, dtype="float32", device="cpu")


def seen(live: LiveModel, corpus: Corpus, work: Path) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Statistics of every neuron, and where each token was seen."""
    job = ActivationsJob.open(live, corpus, work, settings={"least": 1, "per_band": 0, "k": 3})
    shards = dict(job.shards())
    rows = [row for layer in ("L000", "L001") for row in shards[layer]["Stats"].to_pylist()]
    for row in rows:
        del row["id"], row["run"]
    tokens = shards["L000"]["TokenActivations"]
    return rows, dict(zip(tokens["token"].to_pylist(), tokens["n"].to_pylist(), strict=True))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(KINDS, st.lists(st.integers(0, 40), max_size=4)), min_size=1, max_size=5), st.integers(0, 99))
def test_any_mix_of_files_gives_the_statistics_of_the_plain_file(
    live: LiveModel,
    tmp_path_factory: pytest.TempPathFactory,
    files: list[tuple[tuple[str, str], list[int]]],
    seed: int,
) -> None:
    """Of texts of any length, in any format and packing, one after another."""
    folder, rng = tmp_path_factory.mktemp("mix"), np.random.default_rng(seed)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    every: Rows = []
    paths = []
    for number, ((kind, packing), sizes) in enumerate([*files, ((".jsonl", ""), [3, 20])]):
        rows = [{"id": f"d{number}/{i}", "text": " ".join(rng.choice(words, n))} for i, n in enumerate(sizes)]
        paths.append(folder / f"{number}{kind}{packing}")
        paths[-1].write_bytes(PACKED[packing](WRITTEN[kind](rows)))
        every += rows
    plain = folder / "plain.jsonl"
    plain.write_bytes(WRITTEN[".jsonl"](every))
    assert live.subject is not None
    tokenizer = Tokenizer.of(live.subject)
    made = [
        Corpus.build(read_documents(each), tokenizer, folder / name, {"length": 16})
        for name, each in (("a", paths), ("b", [plain]))
    ]
    assert made[0].hash == made[1].hash
    one, other = (seen(live, corpus, folder / "work") for corpus in made)
    assert one == other
    assert sum(one[1].values()) <= one[0][0]["n"] == made[0].summary.tokens  # type: ignore[operator, arg-type]


def test_data_sets_on_disk(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [{"text": f"text {i}", "id": str(i)} for i in range(100)]
    whole = datasets.Dataset.from_list(rows)
    whole.save_to_disk(tmp_path / "one", num_shards=3)
    datasets.DatasetDict({"train": whole, "test": whole.select(range(5, 8))}).save_to_disk(tmp_path / "splits")
    expected = [Document(row["id"], row["text"]) for row in rows]
    assert list(read_documents(tmp_path / "one")) == expected
    assert list(read_documents(tmp_path / "splits")) == expected
    assert list(read_documents(tmp_path / "splits", split="test")) == expected[5:8]
    with pytest.raises(CorpusError, match="has no split 'dev'; expected one of train, test"):
        read_documents(tmp_path / "splits", split="dev")
    state = json.loads((tmp_path / "one" / "state.json").read_text())
    name = state["_data_files"][1]["filename"]
    for damage in (
        {"filename": f"../one/{name}"},
        {"filename": "gone.arrow"},
        {"filename": "9" * 999},
        {"filename": 3},
    ):
        files = [state["_data_files"][0], damage]
        (tmp_path / "one" / "state.json").write_text(json.dumps({**state, "_data_files": files}))
        with pytest.raises(CorpusError, match=r"is damaged: .* cannot be found"):
            saved_files(tmp_path / "one", "train")
    (tmp_path / "one" / "state.json").write_text("{")
    with pytest.raises(CorpusError, match=r"state\.json: cannot be read"):
        read_documents(tmp_path / "one")
