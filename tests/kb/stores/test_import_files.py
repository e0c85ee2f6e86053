"""Files for neo4j-admin: what is in them, and that the real tool makes the database an online load makes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.import_files import ImportPlan, write_import_files
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.schema import NODES, SCHEMA_VERSION, Node, SchemaError, StoreError, Table, WeightsError, conform, table
from pyarrow import parquet

from tests.neo4j_server import QUICK_JAVA, neo4j_server

ODD = [
    "",
    " ",
    " lead",
    "trail ",
    "a;b,c|d",
    "quo\"te's",
    "back\\slash",
    "new\nline",
    "tab\t",
    "ünï \U0001f9e0",
    "\x01",
    "NULL",
]

Part = tuple[Table, pa.Table]


def part(name: str, **columns: object) -> Part:
    return table(name), conform(table(name), pa.table(columns))


def graph() -> Iterator[Part]:
    """Two bundles' worth: shared nodes twice, every kind of property, odd texts, nulls and empty lists."""
    n = len(ODD)
    ids = [f"t/T{i}" for i in range(n)]
    tokens = part(
        "Token",
        id=ids,
        tokenizer=["t"] * n,
        token=list(range(n)),
        text=ODD,
        special=[i % 3 == 0 or None for i in range(n)],
    )
    for run in ("r1", "r2"):
        layers = [2] if run == "r1" else pa.nulls(1, pa.int64())
        yield part("Model", id=["m"], weights=["w" if run == "r2" else "unverified"], n_layers=layers)
        yield part("Run", id=[run], job=["lm-head"], started=["now"])
        yield part("Neuron.IN_MODEL.Model", start=["m/L0/N0", "m/L0/N1"], end=["m", "m"])
        yield part("Neuron", id=["m/L0/N0", "m/L0/N1"], model=["m", "m"], layer=[0, 0], index=[0, 1])
        yield tokens
        yield part(
            "Neuron.DECODES_TO.Token",
            start=["m/L0/N0"] * n,
            end=ids,
            projection=["gate"] * n,
            pole=[1] * n,
            convention=["raw"] * n,
            rank=list(range(1, n + 1)),
            logit=[1e300, 5e-324, -0.0, 0.1, 1 / 3, -1e-9, *[float(i) for i in range(n - 6)]],
            z=[float(i) for i in range(n)],
            probability=[0.5] * n,
            run=[run] * n,
        )
    yield part("Excerpt", id=["e", "f"], tokens=[["a;b", "", " c"], []], offset=[2**53 + 1, -(2**63)])
    yield part(
        "Neuron.FIRES_ON.Excerpt",
        start=["m/L0/N0", "m/L0/N1"],
        end=["e", "f"],
        pole=[1, -1],
        activation=pa.array([0.25, None]),
        levels=["1000 4", None],
        unit=[0.00025, None],
        signs=["Pn", None],
        run=["r1", "r1"],
    )
    yield part(
        "Stats", id=["s"], kind=["weights"], run=["r1"], histogram=[[1, 2**40, 0]], quantiles=[[0.5]], nonzero=[0.125]
    )
    yield part("Neuron.HAS_STATS.Stats", start=["m/L0/N0"], end=["s"], run=["r1"])
    yield part("Run.DERIVED_FROM.Run", start=["r2"], end=["r1"])
    # Empty texts everywhere: an id, a relationship's property, one that is part of its key.
    yield part("Term", id=["", " ", "a"])
    yield part("Token.SPELLS.Term", start=["t/T0", "t/T1"], end=["", " "])
    yield part(
        "Neuron.SIMILAR.Neuron",
        start=["m/L0/N0"] * 2,
        end=["m/L0/N1"] * 2,
        measure=["", "weights"],
        score=[0.5, 0.25],
        run=["r1"] * 2,
    )
    yield part(
        "Neuron.FIRES_ON.Excerpt",
        start=["m/L0/N0"] * 2,
        end=["f"] * 2,
        pole=[1, -1],
        band=["", "top"],
        run=["r2"] * 2,
    )


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    nodes = "MATCH (n) RETURN labels(n), n.id, properties(n)"
    rels = "MATCH (a)-[r]->(b) RETURN labels(a), a.id, type(r), labels(b), b.id, properties(r)"
    return {
        text: sorted(
            ((*row[:-1], sorted(row[-1].items())) for row in store.read(text, timeout=None, limit=None)), key=repr
        )
        for text in (nodes, rels)
    }


def load(store: Store, parts: Iterator[Part]) -> None:
    """The same rows through the online path, nodes first, doubles left out as the loader does."""
    known: set[tuple[str, str]] = set()
    for kind, rows in sorted(parts, key=lambda p: not isinstance(p[0], Node)):
        if isinstance(kind, Node) and kind.merged:
            store.merge_nodes(kind, rows)
        elif isinstance(kind, Node):
            store.create_nodes(kind, rows)
        elif kind.evidence or (kind.name, repr(rows)) not in known:
            known.add((kind.name, repr(rows)))
            store.create_relationships(kind, rows)


@pytest.mark.neo4j
@pytest.mark.long
def test_the_real_tool_makes_what_an_online_load_makes(neo4j_store: Neo4jStore, tmp_path: Path) -> None:
    load(neo4j_store, graph())
    plan = write_import_files(graph(), tmp_path / "import")
    with neo4j_server(start=False, java=[QUICK_JAVA]) as server:
        said = server.import_files(plan)
        assert f"{sum(n for name, n in plan.counts.items() if name in NODES)} nodes" in said
        server.start()
        with Neo4jStore.open(server.uri, server.user, server.password) as store:
            assert store.status().schema_version == SCHEMA_VERSION
            store.setup()
            for each in (store, neo4j_store):
                each.write("MATCH (lock:Schema {id: 'load'}) DELETE lock")  # says who set it up
            assert contents(store) == contents(neo4j_store)
            assert store.status().nodes == neo4j_store.status().nodes
            indexes = "SHOW INDEXES YIELD name, state RETURN name, state ORDER BY name"
            assert store._rows(indexes) == neo4j_store._rows(indexes)
            store.setup()
            assert contents(store) == contents(neo4j_store)


@pytest.mark.neo4j
def test_the_script_runs_the_tool(tmp_path: Path) -> None:
    plan = write_import_files(graph(), tmp_path / "files of mine")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "neo4j-admin").write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n')
    (tools / "neo4j-admin").chmod(0o755)
    script = [str(plan.folder / "import.sh"), "--overwrite-destination"]
    ran = subprocess.run(script, env={"PATH": f"{tools}:/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [str(plan.folder), *plan.arguments, "--overwrite-destination"]
    assert plan.command.replace("\\\n", "").split() == ["neo4j-admin", *plan.arguments]


def columns(plan: ImportPlan, name: str) -> dict[str, list[object]]:
    found: dict[str, list[object]] = parquet.read_table(plan.folder / f"{name}.parquet").to_pydict()
    return found


def test_headers_and_arguments(tmp_path: Path) -> None:
    plan = write_import_files(graph(), tmp_path / "out")
    assert columns(plan, "Neuron") == {
        "id:ID(Neuron)": ["m/L0/N0", "m/L0/N1"],
        "model:string": ["m", "m"],
        "layer:long": [0, 0],
        "index:long": [0, 1],
        "expert:long": [None, None],
    }
    assert list(columns(plan, "Neuron.FIRES_ON.Excerpt")) == [
        ":START_ID(Neuron)",
        ":END_ID(Excerpt)",
        "pole:long",
        "activation:double",
        "levels:string",
        "unit:double",
        "signs:string",
        "band:string",
        "run:string",
    ]
    assert "special:boolean" in columns(plan, "Token")
    assert "tokens:string[]" in columns(plan, "Excerpt")
    assert plan.arguments[:5] == ("database", "import", "full", "neo4j", "--input-type=parquet")
    assert "--nodes=Token=Token.parquet" in plan.arguments
    assert "--relationships=DECODES_TO=Neuron.DECODES_TO.Token.parquet" in plan.arguments
    assert sorted(p.name for p in plan.folder.glob("*.parquet")) == sorted(f"{name}.parquet" for name in plan.counts)


def test_doubles_are_left_out(tmp_path: Path) -> None:
    plan = write_import_files(graph(), tmp_path / "out")
    n = len(ODD)
    assert plan.counts == {
        "Model": 1,
        "Run": 2,
        "Schema": 1,
        "Neuron": 2,
        "Token": n,
        "Excerpt": 2,
        "Stats": 1,
        "Neuron.IN_MODEL.Model": 2,
        "Neuron.DECODES_TO.Token": 2 * n,
        "Neuron.FIRES_ON.Excerpt": 4,
        "Neuron.HAS_STATS.Stats": 1,
        "Term": 3,
        "Token.SPELLS.Term": 2,
        "Neuron.SIMILAR.Neuron": 2,
        "Run.DERIVED_FROM.Run": 1,
    }
    assert plan.rows == sum(plan.counts.values())


def test_doubles_inside_one_part(tmp_path: Path) -> None:
    parts = [
        part("Term", id=["a", "a", "b"]),
        part("Explanation", id=["x"], kind=["text"], run=["r"]),
        part("Explanation.MENTIONS.Term", start=["x", "x"], end=["a", "a"]),
        part("Neuron", id=["n"], model=["m"], layer=[0], index=[0]),
        part("Neuron.EXPLAINED_BY.Explanation", start=["n"] * 3, end=["x"] * 3, pole=[1, 1, -1], run=["r"] * 3),
    ]
    plan = write_import_files(parts, tmp_path / "out")
    assert columns(plan, "Term")["id:ID(Term)"] == ["a", "b"]
    assert plan.counts["Explanation.MENTIONS.Term"] == 1
    assert columns(plan, "Neuron.EXPLAINED_BY.Explanation")["pole:long"] == [1, -1]


def test_merged_nodes_are_put_together_and_others_keep_the_first(tmp_path: Path) -> None:
    parts = [
        part("Model", id=["m"], weights=["unverified"], n_layers=[2]),
        part("Model", id=["m"], weights=["w"]),
        part("Model", id=["m"], weights=["unverified"], n_layers=[3], d_mlp=[7]),
        part("Source", id=["s", "s"], kind=["sae", "other"], hook=[None, "h"]),
        part("Token", id=["t"], tokenizer=["t"], token=[0], text=["first"]),
        part("Token", id=["t"], tokenizer=["t"], token=[0], text=["second"]),
    ]
    plan = write_import_files(parts, tmp_path / "out")
    model = columns(plan, "Model")
    assert (model["weights:string"], model["n_layers:long"], model["d_mlp:long"]) == (["w"], [2], [7])
    # Of one part the first row of an id counts, as in a load.
    source = columns(plan, "Source")
    assert (source["kind:string"], source["hook:string"]) == (["sae"], [None])
    assert columns(plan, "Token")["text:string"] == ["first"]
    schema = columns(plan, "Schema")
    assert (schema["id:ID(Schema)"], schema["version:long"]) == (["schema"], [SCHEMA_VERSION])


def test_two_weights_of_one_model(tmp_path: Path) -> None:
    parts = [part("Model", id=["m"], weights=[weights]) for weights in ("w1", "w2")]
    with pytest.raises(WeightsError, match=r"'m' is known with weights w1.*were w2.*--name"):
        write_import_files(parts, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_end_that_is_in_no_table(tmp_path: Path) -> None:
    parts = [part("Term", id=["a"]), part("Token.SPELLS.Term", start=["gone", "lost"], end=["a", "a"])]
    with pytest.raises(StoreError, match=r"2 Token nodes .*'gone' \(see Token.SPELLS.Term.start\); name the bundle"):
        write_import_files(parts, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(StoreError, match="not empty; name a new folder"):
        write_import_files([], tmp_path)
    assert (tmp_path / "mine").read_text() == "keep"
    (tmp_path / "new").mkdir()
    assert write_import_files([], tmp_path / "new").counts == {"Schema": 1}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_import_files([], tmp_path / "file" / "out")


def test_rows_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="NaN or infinite"):
        write_import_files([part("Graph", id=["g"], run=["r"], f1=[float("nan")])], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_write_left_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "Token.parquet").write_text("half")
    plan = write_import_files([], tmp_path / "out")
    assert sorted(p.name for p in plan.folder.iterdir()) == ["Schema.parquet", "import.sh"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
