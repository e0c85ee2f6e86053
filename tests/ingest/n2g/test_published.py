"""The 2023 script's folder: a real one, and damaged ones."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest
from neuronkb.ingest.n2g.dot import DrawnNode, parse_drawing
from neuronkb.ingest.n2g.published import PublishedFolder, read_folder
from neuronkb.ingest.n2g.published_job import PublishedJob
from neuronkb.schema import PublishedError

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "n2g" / "refrun_toy"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the data of others is not beside the checkout")

DOT = """digraph {
\tgraph [nodesep=0.2 rankdir=RL ranksep=1.5 splines=spline]
\tnode [fixedsize=true height=0.75 width=2]
\t1 -> 2 [dir=back penwidth=3]
\tsubgraph cluster_1 {
\t\tpencolor=white penwidth=3
\t\t1 [label=except fillcolor="#ff3333" fontcolor=black fontsize=25 penwidth=3 shape=box style="filled,solid"]
\t}
\tsubgraph cluster_0 {
\t\tpencolor=white penwidth=3
\t\t2 [label=> fillcolor="#0000ff" fontcolor=white fontsize=25 penwidth=7 shape=box style="filled,solid"]
\t}
}
"""


def folder(root: Path, **files: str) -> Path:
    """Names with `__` for `/`."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def job(found: PublishedFolder) -> PublishedJob:
    return PublishedJob(found, "toy")


def test_a_drawing_tells_what_its_colours_tell() -> None:
    found = parse_drawing(DOT, "graph")
    one, two = found.nodes
    assert (one.token, one.activating, one.ends) == ("except", True, False)
    assert one.strength == pytest.approx(0.3 + 0.7 * 0.8)
    # The label is not legal DOT: the script leaves it unquoted.
    assert two == DrawnNode(2, ">", False, 1.0, True)
    assert found.edges == ((1, 2),)


@pytest.mark.parametrize(
    ("label", "token"),
    [
        ('" \\""', ' "'),
        ('"\\\\n"', "\n"),
        ('"\\\\\\\\"', "\\"),
        ("\"'  '\"", "  "),
        ('""', None),
        ("'", "'"),
        ('"\\\\u00e9"', "é"),
        ('"a b"', "a b"),
        ("label=x", "label=x"),
    ],
)
def test_labels_are_read_back_as_tokens(label: str, token: str | None) -> None:
    assert parse_drawing(DOT.replace("label=>", f"label={label}"), "graph").nodes[1].token == token


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected a digraph"),
        ("<html>", "expected a digraph"),
        (DOT[: len(DOT) // 2], "half-written"),
        (DOT.replace("1 -> 2 [dir=back penwidth=3]", "1 -> 9"), "node 9 is joined"),
        (DOT.replace("fillcolor", "colour"), "graph:7: cannot read '1 "),
    ],
)
def test_what_is_no_drawing_is_named(text: str, why: str) -> None:
    with pytest.raises(PublishedError, match=why):
        parse_drawing(text, "graph")


@real
def test_words_of_a_real_folder_are_the_words_of_its_drawings() -> None:
    found = read_folder(REAL)
    assert len(found.neurons) == 6
    assert not found.skipped
    store = json.loads((REAL / "neuron_store.json").read_text("utf-8"))
    for kind in ("activating", "important"):
        mine = {(t, f"{a}_{b}") for (a, b), neuron in found.neurons.items() for t in getattr(neuron, kind)}
        assert mine == {(token, name) for token, names in store[kind].items() for name in names}
    for neuron in found.neurons.values():
        assert neuron.drawing is not None
        drawn = {node.token for node in neuron.drawing.nodes} - {None}
        # The script strips square brackets off its labels.
        assert (neuron.activating | neuron.important) - drawn <= {"[", "]"}
        assert drawn <= neuron.activating | neuron.important


@real
def test_scores_of_a_real_folder_are_those_of_its_file() -> None:
    found = read_folder(REAL).neurons[1, 349].scores
    stats = json.loads((REAL / "stats.json").read_text("utf-8"))["1"]["349"]
    assert (found["precision"], found["recall"], found["f1"], found["r2"], found["support"]) == (
        stats["1"]["precision"],
        stats["1"]["recall"],
        stats["1"]["f1-score"],
        stats["correlation"],
        132,
    )


@real
def test_a_real_folder_becomes_evidence() -> None:
    tables = dict(job(read_folder(REAL)).shards())
    assert set(tables) - {"similar"} == {"L000", "L001"}
    graphs = tables["L001"]["Graph"].to_pylist()
    assert all(row["lossy"] and row["algorithm"] == "paper" for row in graphs)
    fires = {(r["start"], t) for r in tables["L001"]["Neuron.ACTIVATES_ON.Term"].to_pylist() for t in r["tokens"]}
    assert {neuron for neuron, token in fires if token == "\n"} == {"toy/L1/N483", "toy/L1/N18", "toy/L1/N276"}
    (before,) = [
        row for row in tables["L001"]["GraphNode.PRECEDED_BY.GraphNode"].to_pylist() if "/N349/" in row["start"]
    ]
    node = {row["id"]: row for row in tables["L001"]["GraphNode"].to_pylist()}
    assert (node[before["start"]]["token"], node[before["end"]]["token"]) == ("2", ".")
    assert (node[before["start"]]["kind"], node[before["end"]]["kind"]) == ("activating", "context")
    assert node[before["end"]]["importance"] == pytest.approx(0.55 + 0.45 * (1 - 0x84 / 255))


def test_half_a_folder_is_read_and_what_lacks_is_counted(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        **{
            "neuron_store.json": json.dumps({"activating": {"a": ["0_1"]}, "important": {}}),
            "stats.json": json.dumps({"0": {"1": {}, "2": {"0": {"recall": 1.0}, "1": {"precision": 0, "recall": 0}}}}),
            "0_1__graph": DOT[:80],
            "0_3__notes": "",
            "0_4__graph": DOT,
        },
    )
    found = read_folder(path)
    assert set(found.neurons) == {(0, 1), (0, 2), (0, 4)}
    assert found.skipped == {
        "its evaluation failed": 1,
        "no graph in the neuron's folder": 1,
        "a graph that cannot be read": 1,
    }
    assert any("half-written" in note for note in found.notes)
    scores = found.neurons[0, 2].scores
    assert (scores["precision"], scores["status"]) == (None, "silent")
    assert job(found).summary()["skipped"] == dict(found.skipped)
    graphs = dict(job(found).shards())["L000"]["Graph"].to_pylist()
    assert [(row["id"].split("/")[2], row["nodes"]) for row in graphs] == [("N1", None), ("N2", None), ("N4", 2)]


def test_the_forks_names_are_read(tmp_path: Path) -> None:
    firing = {"precision": float("nan"), "recall": 0.25, "f1_score": 0.3, "count": 8}
    path = folder(
        tmp_path,
        **{
            "stats.json": json.dumps({"0": {"5": {"accuracy": 0.9, "non_firing": {"recall": 0.9}, "firing": firing}}}),
            "graphs__0_5": DOT,
        },
    )
    found = read_folder(path).neurons[0, 5]
    assert found.drawing is not None
    assert (found.scores["precision"], found.scores["f1"], found.scores["support"]) == (None, 0.3, 8)


def answer(**changed: object) -> str:
    """What DeepDecipher's API answers: ` except` fires after `no` or after `(`."""
    nodes = [
        {"token": '"except"', "required": [1, 2], "importance": 0.8},
        {"token": "no", "required": [], "importance": 0.2},
        {"token": "(", "required": [], "importance": 1.0},
    ]
    alike = [{"layer": 1, "neuron": 7, "similarity": 0.75}, {"layer": 0, "neuron": 9, "similarity": 0.5}]
    data = {"graph": {"subgraph_indices": [0, 1, 3], "graph": nodes}, "graphviz": "digraph {}", "similar": alike}
    return json.dumps({"data": {**data, **changed}, "metadata": {"name": "toy"}})


def test_deepdeciphers_answers_are_read(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        **{
            "0_5.json": answer(),
            "3__2.json": json.dumps({"neuroscope": {"data": {}}, "neuron2graph": json.loads(answer(similar=[]))}),
            "0_6.json": json.dumps({"missing_data_objects": ["neuron2graph"]}),
            "0_7.json": answer(graph={"subgraph_indices": [0, 1], "graph": [{"token": "a", "required": [4]}]}),
            "0_8.json": "{",
        },
    )
    found = read_folder(path)
    assert set(found.neurons) == {(0, 5), (3, 2)}
    assert found.skipped == {"an answer without a graph": 1, "an answer that cannot be read": 2}
    neuron = found.neurons[0, 5]
    assert (neuron.activating, neuron.important) == ({"except"}, {"no", "("})
    assert neuron.drawing is not None
    assert neuron.drawing.edges == ((0, 1), (0, 2))
    # 0.8 of the way from the lowest activation that is drawn, 0.3, to 1; 0.2 from the lowest importance, 0.55.
    assert [node.strength for node in neuron.drawing.nodes] == pytest.approx([0.86, 0.64, 1.0])
    assert {node.ends for node in neuron.drawing.nodes} == {None}
    tables = [shard["Neuron.SIMILAR.Neuron"] for _, shard in job(found).shards() if "Neuron.SIMILAR.Neuron" in shard]
    # Computed as well are the script's two measures; DeepDecipher's is as it lists it.
    alike = [row for table in tables for row in table.to_pylist() if row["measure"] == "deepdecipher"]
    assert [(row["end"], row["measure"], row["score"], row["rank"]) for row in alike] == [
        ("toy/L1/N7", "deepdecipher", 0.75, 1),
        ("toy/L0/N9", "deepdecipher", 0.5, 2),
    ]


def test_imported_neurons_are_joined_to_those_most_like_them(tmp_path: Path) -> None:
    """Of ten tokens the second neuron shares all; the third shares half, and its context as well."""
    ten = {f"t{i}": ["0_1", "0_2", *(["1_3"] if i < 5 else [])] for i in range(10)}
    words = {"activating": ten, "important": {"c": ["0_1", "0_2", "1_3"]}}
    found = read_folder(folder(tmp_path, **{"neuron_store.json": json.dumps(words)}))
    rows = dict(job(found).shards())["similar"]["Neuron.SIMILAR.Neuron"].to_pylist()
    alike = {(row["measure"], row["start"][4:], row["end"][4:]): (row["score"], row["rank"]) for row in rows}
    one, two, three = "L0/N1", "L0/N2", "L1/N3"
    assert alike.keys() == {
        ("n2g_overlap", one, two),
        ("n2g_overlap", two, one),
        *((name, a, b) for name in ("n2g_subset", "deepdecipher") for a, b in permutations((one, two, three), 2)),
    }
    assert alike["n2g_overlap", one, two] == (1.0, 1)
    assert alike["deepdecipher", three, two] == (1.0, 2)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "no neuron_store.json, no stats.json"),
        ({"neuron_store.json": "{"}, "not whole JSON"),
        ({"neuron_store.json": "[]"}, "expected a JSON object"),
        ({"neuron_store.json": '{"activating": []}'}, "expected tokens with their neurons"),
        ({"neuron_store.json": '{"activating": {"a": ["1-2"]}, "important": {}}'}, "'1-2' is no neuron"),
        ({"stats.json": '{"0": 1}'}, "expected its neurons"),
        ({"stats.json": '{"0": {"x": {}}}'}, "expected its scores"),
        ({"stats.json": '{"0": {"1": {"1": {"recall": "high"}}}}'}, "'high' is no score"),
        ({"stats.json": '{"0": {"1": {"1": {"recall": 7}}}}'}, "'7' is no score"),
        ({"stats.json": '{"0": {"1": {"1": {"recall": -0.5}}}}'}, "'-0.5' is no score"),
        ({"stats.json": '{"0": {"1": {"1": {}, "correlation": 1.7}}}'}, "'1.7' is no score"),
        ({"stats.json": "[" * 100_000}, "not whole JSON"),
        ({"a__stats.json": "{}", "b__stats.json": "{}"}, "name the one run's folder"),
    ],
)
def test_damage_is_an_error_that_names_the_file(tmp_path: Path, files: dict[str, str], why: str) -> None:
    with pytest.raises(PublishedError, match=why):
        read_folder(folder(tmp_path, **files))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match="is no folder"):
        read_folder(tmp_path / "none")
