"""Texts: corpora, labelled texts, treebanks, translations, formulas, lists a line."""

from __future__ import annotations

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

from .mutate import of_cells, of_lines, plain
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


def features(folder: Path) -> object:
    found = FeatureSet.open(folder / "f.jsonl").write(folder / "again.jsonl")
    assert FeatureSet.open(folder / "again.jsonl").records == found.records
    return read_header(folder / "f.jsonl"), digest({"of": found.header.to_json()})


def corpus(name: str, data: bytes, lines: bool = False) -> Parser:
    def read(folder: Path) -> object:
        documents = read_documents(folder / name)
        return digest({"of": [[one.id, one.text] for one in documents], "skipped": documents.skipped})

    return Parser(f"corpus, {name.partition('.')[2]}", {name: data}, read, of_lines if lines else plain)


def parsers() -> list[Parser]:
    rows = b"\n".join(json.dumps(row).encode() for row in (HEADER, *RECORDS))
    texts = b'{"text": "a", "id": "i"}\n{"text": "b"}\n{"text": "c", "id": 7}'
    table = parquet(pa.table({"text": ["a", "b", "c"], "id": [1, 2, 3], "label": ["x", "y", "x"]}))
    return [
        Parser("labelled texts", {"f.jsonl": rows}, features, of_lines),
        Parser("texts with classes", {"c.jsonl": CLASSED}, lambda f: read_classes(f / "c.jsonl", Columns()), of_lines),
        Parser("Parquet with classes", {"c.parquet": table}, lambda f: read_classes(f / "c.parquet", Columns()), plain),
        Parser("treebank", {"t.conllu": TREES}, lambda f: read_conllu(f / "t.conllu"), of_cells),
        corpus("c.txt", b"some text\nof two lines"),
        corpus("c.jsonl", texts, lines=True),
        corpus("c.json", texts, lines=True),
        corpus("c.parquet", table),
        Parser("prompts", {"p.txt": b"One\nTwo\n"}, lambda f: prompts_hash(read_prompts(f / "p.txt")), plain),
        Parser("translations", {"x.po": PO}, lambda f: list(entries(text(f / "x.po"))), plain),
        Parser("formulas", {"x.tex": LATEX}, lambda f: find(text(f / "x.tex")), plain),
    ]


def text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
