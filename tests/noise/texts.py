"""Texts: corpora, labelled texts, treebanks, translations, formulas, lists a line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from neuronkb.ingest.causal.prompts import prompts_hash, read_prompts
from neuronkb.ingest.corpus import read_documents
from neuronkb.ingest.features.conllu import read_conllu
from neuronkb.ingest.features.data_set import FeatureSet, read_header
from neuronkb.ingest.features.latex import find
from neuronkb.ingest.features.po import entries
from neuronkb.ingest.features.tables import Columns, read_classes
from neuronkb.schema import digest

from .mutate import Mutator, of_cells, of_json, of_lines, plain
from .parser import Parser

HEADER = {
    "neuronkb_features": 1,
    "category": "c",
    "dataset": "d",
    "aggregation": "none",
    "at": "last",
    "seed": 0,
    "features": [{"name": "f", "negatives": "labelled", "against": ["g"], "mirror": "g"}, "g"],
    "share": 0.2,
    "skip": 5,
    "length": 128,
    "least": 1,
    "tokens": 60000,
    "silver": False,
    "counts": {name: {"positives": 1, "negatives": 1, "groups_positive": 1} for name in "fg"},
}
RECORDS = (
    {"text": "one two", "group": "a", "spans": [[0, 3, ["f"]], [4, 7, ["g"]]]},
    {"text": "three", "group": 4, "spans": [[0, 5, ["g"]]]},
)
CLASSED = b"\n".join(json.dumps({"text": f"text {i}", "label": i % 2, "group": f"g{i}"}).encode() for i in range(4))
WORDS: tuple[str, ...] = ("1\tThe\tthe\tDET\tDT\tDefinite=Def\t2\tdet\t_\t_", "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_")
WORDS += ("2\tdo\tdo\tAUX\t_\t_\t0\troot\t_\tSpaceAfter=No", "3\tn't\tnot\tPART\t_\t_\t2\tadvmod\t_\t_")
TREES = "\n".join(["# newdoc id = d", "# text = x", *WORDS, "", *WORDS, ""]).encode()
PO = b'msgid ""\nmsgstr ""\n"Plural: x\\n"\n\n#, fuzzy\nmsgctxt "c"\nmsgid "one"\nmsgstr "un"\n\nmsgid "two"\n'
PO += b'msgstr "deux"\n'
LATEX = rb"We see \( \frac{a_1}{b^{2}} \) and $$x_{ij}$$ \begin{equation}\alpha\end{equation} "
LATEX += rb"\title{A {b}} :math:`a_i` [1]_"


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def features(folder: Path) -> object:
    found = FeatureSet.open(folder / "f.jsonl").write(folder / "again.jsonl")
    assert FeatureSet.open(folder / "again.jsonl").records == found.records
    return read_header(folder / "f.jsonl"), digest({"of": found.header.to_json()})


def corpus(name: str, data: bytes, mutate: Mutator = plain) -> Parser:
    def read(folder: Path) -> object:
        documents = read_documents(folder / name)
        return digest({"of": [[one.id, one.text] for one in documents], "skipped": documents.skipped})

    return Parser(f"corpus, {name}", {name: data}, read, mutate)


def saved(rows: bytes) -> Parser:
    """A data set as Hugging Face's library saves it."""
    files = {"state.json": b'{"_data_files": [{"filename": "a.arrow"}]}', "dataset_info.json": b"{}", "a.arrow": rows}

    def read(folder: Path) -> object:
        return digest({"of": [[one.id, one.text] for one in read_documents(folder)]})

    return Parser("corpus, saved", files, read, {"state.json": of_json, "a.arrow": plain})


def parsers() -> list[Parser]:
    rows = b"\n".join(json.dumps(row).encode() for row in (HEADER, *RECORDS))
    texts = b'{"text": "a", "id": "i"}\n{"text": "b"}\n{"text": "c", "id": 7}'
    table = parquet(pa.table({"text": ["a", "b", "c"], "id": [1, 2, 3], "label": ["x", "y", "x"]}))
    rows_of_arrow = arrow(pa.table({"text": ["a", "b", "c"], "id": ["1", "2", None]}))
    return [
        Parser("labelled texts", {"f.jsonl": rows}, features, of_lines),
        Parser("texts with classes", {"c.jsonl": CLASSED}, lambda f: read_classes(f / "c.jsonl", Columns()), of_lines),
        Parser("Parquet with classes", {"c.parquet": table}, lambda f: read_classes(f / "c.parquet", Columns()), plain),
        Parser("treebank", {"t.conllu": TREES}, lambda f: read_conllu(f / "t.conllu"), of_cells),
        corpus("c.txt", b"some text\nof two lines"),
        corpus("c.jsonl", texts, of_lines),
        corpus("c.json", texts, of_lines),
        corpus("array.json", b"[" + texts.replace(b"\n", b",") + b"]", of_json),
        corpus("c.csv", b'text,id\n"a, b",i\nc,7\n', of_cells),
        corpus("c.parquet", table),
        corpus("c.arrow", rows_of_arrow),
        corpus("c.jsonl.gz", gzip.compress(texts, mtime=0)),
        corpus("c.jsonl.zst", pa.compress(texts, codec="zstd", asbytes=True)),
        saved(rows_of_arrow),
        Parser("prompts", {"p.txt": b"One\nTwo\n"}, lambda f: prompts_hash(read_prompts(f / "p.txt")), plain),
        Parser("translations", {"x.po": PO}, lambda f: list(entries(text(f / "x.po"))), plain),
        Parser("formulas", {"x.tex": LATEX}, lambda f: find(text(f / "x.tex")), plain),
    ]


def text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
