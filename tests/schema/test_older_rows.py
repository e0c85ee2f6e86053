"""Rows of bundles of schema version 1 in their new form."""

import pyarrow as pa
from neuronkb.schema import RELATIONSHIPS, arrow_schema, conform, table
from neuronkb.schema.ladder import upgraded

OLD_FIRES = pa.schema(
    [
        *((name, pa.string()) for name in ("start", "end")),
        ("pole", pa.int64()),
        ("activation", pa.float64()),
        ("activations", pa.list_(pa.float64())),
        ("band", pa.string()),
        ("run", pa.string()),
    ]
)


def version_2(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """A shard's tables, each brought up the ladder beside the others."""
    return {name: upgraded(name, rows, 1, tables.get) for name, rows in tables.items()}


def test_windows_have_levels() -> None:
    row = {"start": "n", "end": "x", "pole": 1, "activation": 4.0, "band": "top", "run": "r"}
    rows = [{**row, "activations": [0.0, 4.0, -1.0]}, {**row, "activations": None}]
    for name in ("Neuron.FIRES_ON.Excerpt", "Latent.FIRES_ON.Excerpt"):
        found = version_2({name: pa.Table.from_pylist(rows, OLD_FIRES)})[name]
        first, second = conform(RELATIONSHIPS[name], found).to_pylist()
        assert first == {**row, "levels": "0 1000 -250", "unit": 0.004, "signs": None}
        assert second == {**row, "levels": None, "unit": None, "signs": None}


def test_graphs_say_how_many_nodes_they_have() -> None:
    graphs = [{"id": f"m/L0/N{i}/graph/1/r", "run": "r", "lossy": lossy} for i, lossy in enumerate((None, None, True))]
    nodes = [{"id": f"m/L0/N0/graph/1/r/{number}", "run": "r"} for number in (0, 1, 10)]
    old = {"Graph": pa.Table.from_pylist(graphs), "GraphNode": pa.Table.from_pylist(nodes)}
    found = conform(table("Graph"), version_2(old)["Graph"])
    assert found.column("nodes").to_pylist() == [3, 0, None]
    alone = version_2({"Graph": old["Graph"]})["Graph"]
    assert alone.column("nodes").to_pylist() == [0, 0, None]


def test_explanations_have_their_headline() -> None:
    side = {"start": "n", "end": "e", "run": "r", "rank": 1}
    scores = {"a": (1, 0.7, "n"), "b": (-1, 0.2, "n"), "c": (None, 0.9, "other"), "d": (None, 0.5, "n")}
    common = {"scorer": "correlation", "null": 0.1, "n": 9, "simulator": None, "run": "r"}
    splits = {"a": "top-and-random", "b": "top-and-random", "c": "top-and-random", "d": "random-only"}
    old = {
        "Neuron.EXPLAINED_BY.Explanation": [
            {**side, "pole": 1},
            {**side, "pole": -1},
            {**side, "start": "m", "pole": 1},
        ],
        "Score": [
            {"id": name, "pole": pole, "value": value, "formula": "ev-correlation", "split": splits[name], **common}
            for name, (pole, value, _) in scores.items()
        ],
        "Explanation.SCORED.Score": [{"start": "e", "end": name, "run": "r"} for name in scores],
        "Score.OF.Neuron": [{"start": name, "end": unit, "run": "r"} for name, (_, _, unit) in scores.items()],
    }
    name = "Neuron.EXPLAINED_BY.Explanation"
    made = version_2({name: pa.Table.from_pylist(rows) for name, rows in old.items()})
    found = conform(RELATIONSHIPS[name], made[name]).to_pylist()
    assert [row["value"] for row in found] == [0.7, 0.2, None]
    assert found[0] == {
        **side,
        "pole": 1,
        "scorer": "correlation",
        "formula": "ev-correlation",
        "value": 0.7,
        "null": 0.1,
        "n": 9,
    }


def test_an_explanation_without_scores_has_none() -> None:
    name = "Latent.EXPLAINED_BY.Explanation"
    rows = pa.Table.from_pylist([{"start": "l", "end": "e", "pole": 1, "rank": None, "run": "r"}])
    (found,) = conform(RELATIONSHIPS[name], version_2({name: rows})[name]).to_pylist()
    assert found["formula"] is None
    assert found["value"] is None


def test_what_has_the_new_form_stays() -> None:
    new = {
        name: pa.table({field.name: pa.nulls(1, field.type) for field in arrow_schema(table(name))})
        for name in ("Neuron.FIRES_ON.Excerpt", "Graph", "Neuron.EXPLAINED_BY.Explanation", "Neuron")
    }
    assert version_2(new) == new
