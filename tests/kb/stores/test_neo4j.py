"""Opening a Neo4j server, and writing to it."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.kb.stores import neo4j_load
from neuronkb.kb.stores.neo4j import Neo4jStore, check_version
from neuronkb.schema import NODES, RELATIONSHIPS, SCHEMA_VERSION, Property, StoreError, conform

from tests.kb.stores.bolt_proxy import proxy
from tests.neo4j_server import QUICK_JAVA, SETTINGS, Server
from tests.neo4j_server import neo4j_server as running

DECODES = RELATIONSHIPS["Neuron.DECODES_TO.Token"]
NOWHERE = Path("/nonexistent/neo4j.toml")


def neurons(n: int) -> pa.Table:
    ids = [f"m/L0/N{i}" for i in range(n)]
    return pa.table({"id": ids, "model": ["m"] * n, "layer": [0] * n, "index": list(range(n))})


def tokens(n: int) -> pa.Table:
    return pa.table({"id": [f"t/T{i}" for i in range(n)], "tokenizer": ["t"] * n, "token": list(range(n))})


def decodings(n_neurons: int, n_tokens: int, k: int) -> pa.Table:
    n = n_neurons * k
    return conform(
        DECODES,
        pa.table(
            {
                "start": [f"m/L0/N{i // k}" for i in range(n)],
                "end": [f"t/T{(7 * i) % n_tokens}" for i in range(n)],
                "projection": ["up"] * n,
                "pole": [1 if i % 2 else -1 for i in range(n)],
                "convention": ["folded"] * n,
                "rank": [i % k + 1 for i in range(n)],
                "logit": [i / 8 for i in range(n)],
                "z": [i / 3 for i in range(n)],
                "probability": [1 / (i + 1) for i in range(n)],
                "run": ["r"] * n,
            }
        ),
    )


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True), key=repr)


READ_BACK = (
    "MATCH (a:Neuron)-[r:DECODES_TO]->(b:Token) RETURN a.id, b.id, r.projection, r.pole, r.convention, r.rank, "
    "r.logit, r.z, r.probability, r.run"
)


@pytest.mark.neo4j
def test_relationships_come_back_as_they_went_in(neo4j_store: Neo4jStore) -> None:
    sent = decodings(60, 500, 100)  # two batches; the second begins inside a neuron
    assert neo4j_load.size(sent) < sent.num_rows
    neo4j_store.create_nodes(NODES["Neuron"], neurons(60))
    neo4j_store.create_nodes(NODES["Token"], tokens(500))
    ticks: list[int] = []
    neo4j_store.create_relationships(DECODES, sent, ticks.append)
    assert sorted(neo4j_store.read(READ_BACK, limit=None).rows, key=repr) == rows(sent)
    assert sum(ticks) == sent.num_rows
    assert len(ticks) > 1


@pytest.mark.neo4j
def test_nulls_lists_and_no_properties(neo4j_store: Neo4jStore) -> None:
    neo4j_store.create_nodes(NODES["Neuron"], neurons(2))
    neo4j_store.create_nodes(NODES["Excerpt"], pa.table({"id": ["e"]}))
    neo4j_store.merge_nodes(NODES["Model"], pa.table({"id": ["m"]}))
    fires = RELATIONSHIPS["Neuron.FIRES_ON.Excerpt"]
    listed = replace(fires, properties=(*fires.properties, Property("numbers", "floats", "a list")))
    sent = pa.table(
        {
            "start": ["m/L0/N0", "m/L0/N1"],
            "end": ["e", "e"],
            "pole": [1, 1],
            "activation": pa.array([0.5, None]),
            "numbers": [[0.0, 0.5], []],
            "run": ["r", "r"],
        }
    )
    neo4j_store.create_relationships(listed, sent)
    neo4j_store.create_relationships(
        RELATIONSHIPS["Neuron.IN_MODEL.Model"], pa.table({"start": ["m/L0/N0", "m/L0/N1"], "end": ["m", "m"]})
    )
    found = neo4j_store.read("MATCH (n)-[r:FIRES_ON]->() RETURN n.index, properties(r) ORDER BY n.index").rows
    assert found == [
        (0, {"pole": 1, "activation": 0.5, "numbers": [0.0, 0.5], "run": "r"}),
        (1, {"pole": 1, "numbers": [], "run": "r"}),
    ]
    assert neo4j_store.read("MATCH ()-[r:IN_MODEL]->() RETURN count(r), properties(r)").rows == [(2, {})]


@given(
    starts=st.lists(st.sampled_from("abc"), min_size=1, max_size=12),
    same=st.booleans(),
    chunks=st.integers(1, 4),
)
def test_parameters_say_the_rows(starts: list[str], same: bool, chunks: int) -> None:
    n = len(starts)
    made = pa.table(
        {
            "start": starts,
            "end": [f"e{i}" for i in range(n)],
            "pole": [1] * n if same else [1 - 2 * (i % 2) for i in range(n)],
            "activation": pa.array([None if i % 3 else i / 2 for i in range(n)], pa.float64()),
            "run": ["r"] * n,
        }
    )
    table = conform(RELATIONSHIPS["Neuron.FIRES_ON.Excerpt"], made)
    table = pa.concat_tables([table.slice(i, chunks) for i in range(0, n, chunks)])
    constant = neo4j_load.constant_columns(table)
    sent = neo4j_load.parameters(table, constant)
    assert "run" in constant
    assert ("pole" in constant) == (same or n == 1)
    assert len(sent["starts"]) == 1 + sum(a != b for a, b in pairwise(starts))
    back = []
    for s, start in enumerate(sent["starts"]):
        for i in range(sent["offsets"][s], sent["offsets"][s + 1]):
            values = [
                sent[f"c{c}"] if name in constant else sent[f"c{c}"][i]
                for c, name in list(enumerate(table.column_names))[2:]
            ]
            back.append(dict(zip(table.column_names, [start, sent["ends"][i], *values], strict=True)))
    assert back == table.to_pylist()


def test_rows_with_long_lists_make_small_batches() -> None:
    excerpt = {"id": ["e"], "tokens": [["tok"] * 100_000]}
    table = pa.concat_tables([conform(NODES["Excerpt"], pa.table(excerpt))] * 8)
    assert 1 <= neo4j_load.size(table) <= neo4j_load.BATCH_BYTES // 600_000
    assert neo4j_load.size(table.select(["id"])) == neo4j_load.BATCH_ROWS


@pytest.mark.neo4j
def test_a_commit_without_an_answer_is_not_repeated(neo4j_server: Server, neo4j_store: Neo4jStore) -> None:
    sent = decodings(10, 50, 20)
    neo4j_store.create_nodes(NODES["Neuron"], neurons(10))
    neo4j_store.create_nodes(NODES["Token"], tokens(50))
    with proxy(neo4j_server.port, cuts=1) as line:
        uri = f"bolt://127.0.0.1:{line.port}"
        with Neo4jStore.open(uri, neo4j_server.user, neo4j_server.password) as far:
            with pytest.raises(StoreError, match="broke while the server was committing; load again"):
                far.create_relationships(DECODES, sent)
            assert line.cuts == 0
    count = "MATCH ()-[r:DECODES_TO]->() RETURN count(r)"
    deadline = time.monotonic() + 30
    while neo4j_store.read(count).rows == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert neo4j_store.read(count).rows == [(200,)]
    known = neo4j_store.existing_relationships(DECODES, sent.column("start").unique().to_pylist(), "r")
    assert rows(known) == rows(sent.select(known.column_names))


@pytest.mark.neo4j
def test_a_read_whose_line_is_cut_is_asked_again(neo4j_server: Server, neo4j_store: Neo4jStore) -> None:
    with proxy(neo4j_server.port, cuts=0) as line:
        uri = f"bolt://127.0.0.1:{line.port}"
        with Neo4jStore.open(uri, neo4j_server.user, neo4j_server.password) as store:
            for i in range(3):
                assert store.read("RETURN $i AS x", {"i": i}).rows == [(i,)]
                line.cut()


@pytest.mark.neo4j
def test_a_batch_that_fails_leaves_nothing_of_itself(neo4j_store: Neo4jStore) -> None:
    neo4j_store.create_nodes(NODES["Neuron"], neurons(2))
    text = "UNWIND [1, 0] AS i MATCH (n:Neuron {index: i}) CREATE (n)-[:FEEDS {rank: 1 / i}]->(n)"
    with pytest.raises(StoreError, match="by zero"):
        neo4j_store.write(text)
    assert neo4j_store.status().relationships == {}


@pytest.mark.neo4j
def test_hubs_shared_by_both_writers_come_in_whole(neo4j_store: Neo4jStore) -> None:
    n = 4 * neo4j_load.BATCH_ROWS
    neo4j_store.create_nodes(NODES["Neuron"], neurons(n // 40))
    neo4j_store.create_nodes(NODES["Token"], tokens(3))
    neo4j_store.create_relationships(DECODES, decodings(n // 40, 3, 40))
    assert neo4j_store.status().relationships == {"DECODES_TO": n}


@pytest.mark.neo4j
def test_setup_again_changes_nothing(neo4j_store: Neo4jStore) -> None:
    before = neo4j_store._rows("SHOW INDEXES YIELD name, state, type RETURN name, state, type ORDER BY name")
    neo4j_store.setup()
    assert neo4j_store._rows("SHOW INDEXES YIELD name, state, type RETURN name, state, type ORDER BY name") == before
    assert {state for _, state, _ in before} == {"ONLINE"}
    assert ["Explanation_text", "ONLINE", "FULLTEXT"] in before
    assert ["Neuron_id", "ONLINE", "RANGE"] in before


@pytest.mark.neo4j
def test_search_indexes_answer(neo4j_store: Neo4jStore) -> None:
    node = NODES["Explanation"]
    embedding = next(p for p in node.properties if p.name == "embedding")
    vectors = [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]]
    texts = ["months of the year", "car makes"]
    made = pa.table({"id": ["x", "y"], "kind": ["text"] * 2, "text": texts, "embedding": vectors, "run": ["r"] * 2})
    neo4j_store.create_nodes(node, made)
    neo4j_store.vector_index(node, embedding, 3)
    neo4j_store.vector_index(node, embedding, 3)
    near = (
        "CALL db.index.vector.queryNodes('Explanation_embedding', 2, [1.0, 0.0, 0.0]) YIELD node, score "
        "RETURN node.id, round(score, 2)"
    )
    assert neo4j_store.read(near).rows == [("x", 1.0), ("y", 0.8)]  # (1 + cosine) / 2
    said = "CALL db.index.fulltext.queryNodes('Explanation_text', 'month~') YIELD node RETURN node.id"
    assert neo4j_store.read(said).rows == [("x",)]


@pytest.mark.neo4j
def test_status(neo4j_server: Server, neo4j_store: Neo4jStore) -> None:
    neo4j_store.create_nodes(NODES["Neuron"], neurons(3))
    status = neo4j_store.status()
    assert (status.kind, status.location) == ("neo4j", neo4j_server.uri)
    assert status.version == "Neo4j 5.26.30 community"
    assert (status.nodes, status.relationships) == ({"Neuron": 3, "Schema": 2}, {})
    assert status.schema_version == SCHEMA_VERSION


@pytest.mark.neo4j
def test_the_password_shows_nowhere(neo4j_server: Server, neo4j_store: Neo4jStore) -> None:
    for shown in (repr(neo4j_store), str(neo4j_store), repr(neo4j_server), str(neo4j_store.status())):
        assert neo4j_server.password not in shown


@pytest.mark.neo4j
def test_opening_with_the_environment(neo4j_server: Server) -> None:
    environ = {"NEURONKB_NEO4J_PASSWORD": neo4j_server.password, "NEURONKB_NEO4J_DATABASE": "neo4j"}
    with Neo4jStore.open(neo4j_server.uri, environ=environ, config=NOWHERE) as store:
        assert store.read("RETURN 1").rows == [(1,)]
        assert store.status().location == f"{neo4j_server.uri}/neo4j"


@pytest.mark.neo4j
def test_a_routed_address_reads_what_it_wrote(neo4j_server: Server, neo4j_store: Neo4jStore) -> None:
    uri = neo4j_server.uri.replace("bolt://", "neo4j://")
    with Neo4jStore.open(uri, None, neo4j_server.password, environ={}, config=NOWHERE) as store:
        for i in range(3):
            store.merge_nodes(NODES["Term"], pa.table({"id": [f"term {i}"]}))
            assert store.read("MATCH (t:Term) RETURN count(t)").rows == [(i + 1,)]


@pytest.mark.neo4j
def test_a_wrong_or_absent_password(neo4j_server: Server) -> None:
    with pytest.raises(StoreError, match=r"refused the password of user 'neo4j'; set .*NEO4J_PASSWORD") as caught:
        Neo4jStore.open(neo4j_server.uri, "neo4j", "mistaken", environ={}, config=NOWHERE)
    assert "mistaken" not in str(caught.value)
    with pytest.raises(StoreError, match="asks for a password and none is set"):
        Neo4jStore.open(neo4j_server.uri, environ={}, config=NOWHERE)


@pytest.mark.neo4j
def test_an_absent_database(neo4j_server: Server) -> None:
    with pytest.raises(StoreError, match="has no database 'other'; name one it has"):
        Neo4jStore.open(neo4j_server.uri, None, neo4j_server.password, "other", environ={}, config=NOWHERE)


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"bolt://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(StoreError, match=f"cannot reach Neo4j at {uri} .*is it running"):
            Neo4jStore.open(uri, environ={}, config=NOWHERE)


def test_a_server_that_speaks_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1024)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        uri = f"bolt://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(StoreError, match="cannot reach Neo4j"):
            Neo4jStore.open(uri, environ={}, config=NOWHERE)


@pytest.mark.parametrize("agent", ["Neo4j/5.26.30", "Neo4j/5.27-aura", "Neo4j/2025.06.0", "Neo4j/2026.1.0"])
def test_new_enough(agent: str) -> None:
    check_version(agent, "bolt://h")


@pytest.mark.parametrize("agent", ["Neo4j/4.4.40", "Neo4j/5.9.0", "Neo4j/5.25.1", "Memgraph/3.0", ""])
def test_too_old_or_something_else(agent: str) -> None:
    with pytest.raises(StoreError, match=r"bolt://h .*expected Neo4j 5.26 or newer; upgrade"):
        check_version(agent, "bolt://h")


def test_compose_keeps_load_csv_off_as_the_test_server_does() -> None:
    text = (Path(__file__).parents[3] / "docker-compose.yml").read_text()
    for name in ("dbms.security.allow_csv_import_from_file_urls", "internal.dbms.cypher_ip_blocklist"):
        variable = "NEO4J_" + name.replace("_", "__").replace(".", "_")
        assert f'{variable}: "{SETTINGS[name]}"' in text
    assert "${NEURONKB_NEO4J_PASSWORD:?" in text
    assert '"127.0.0.1:7687:7687"' in text


@pytest.mark.neo4j
@pytest.mark.long
def test_a_store_that_must_be_set_up_by_who_may_not_write() -> None:
    """One line says who has to; nothing is half made."""
    with running(java=[QUICK_JAVA]) as server:
        with Neo4jStore.open(server.uri, server.user, server.password) as store:
            store.write("CREATE (:Schema {id: 'schema', version: 1})")
        server.stop()
        server.settings = {"server.databases.read_only": "neo4j"}
        server.start()
        store = Neo4jStore.open(server.uri, server.user, server.password)
        with (
            store,
            pytest.raises(StoreError, match=r"be set up once by a user who may write; 'neo4j' may not \(") as told,
        ):
            store.setup()
        assert "\n" not in str(told.value)
