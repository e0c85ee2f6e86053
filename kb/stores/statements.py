"""Cypher that follows from the ontology: constraints, indexes, load and lookup statements.

Every query a person can ask is a whole .cypher file. The statements here are the exception: each is one shape
repeated for every label and relationship type, so as files they would be some two hundred copies that must change
together with the ontology. They are rendered from `schema` objects alone: no value and no name a user gave ever
enters the text. Values travel as parameters, one list a column (`$c0`, `$c1`, ... in the table's column order), which
both servers take in a good deal faster than a list of maps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...schema import TABLES, Node, Property, Relationship, SchemaError, Table

SCHEMA_READ = "MATCH (s:Schema {id: 'schema'}) RETURN s.version AS version, s.statements AS statements"
SCHEMA_WRITE = (
    "MERGE (s:Schema {id: 'schema'}) SET s.version = $version, s.statements = $statements RETURN s.version AS version"
)


def constraints(tables: dict[str, Table] = TABLES) -> list[str]:
    """One statement for each property that is unique in its label; run before the first MERGE."""
    return [
        f"CREATE CONSTRAINT {index_name(t, p)} IF NOT EXISTS FOR (n:{_name(t)}) REQUIRE n.{quote(p.name)} IS UNIQUE"
        for t, p in _indexed("unique", tables)
    ]


def range_indexes(tables: dict[str, Table] = TABLES) -> list[str]:
    """One statement for each property that nodes or relationships are looked up by."""
    found = []
    for t, p in _indexed("range", tables):
        pattern = f"(n:{_name(t)})" if isinstance(t, Node) else f"()-[n:{_name(t)}]-()"
        found.append(f"CREATE INDEX {index_name(t, p)} IF NOT EXISTS FOR {pattern} ON (n.{quote(p.name)})")
    return found


def search_indexes(tables: dict[str, Table] = TABLES) -> list[tuple[Node, Property]]:
    """The properties that a full-text index covers: each store has its own statement for them."""
    return [(t, p) for t, p in _indexed("fulltext", tables) if isinstance(t, Node)]


def search_index_name(node: Node, prop: Property) -> str:
    """The name a full-text or vector index is asked by, in both stores: `Explanation_text`."""
    return index_name(node, prop)


def create_nodes(node: Node) -> str:
    """Add the nodes whose ids are new; those that exist stay as they are."""
    return (
        f"UNWIND range(0, size($c0) - 1) AS i MERGE (n:{_name(node)} {{id: $c{_position(node, 'id')}[i]}}) "
        f"ON CREATE SET {_assignments(node)}"
    )


def merge_nodes(node: Node) -> str:
    """Add the nodes, or set the properties that are not null on those that exist."""
    key = _position(node, "id")
    kept = ", ".join(
        f"n.{quote(p.name)} = coalesce($c{i}[i], n.{quote(p.name)})" for i, p in enumerate(node.columns) if i != key
    )
    merge = f"UNWIND range(0, size($c0) - 1) AS i MERGE (n:{_name(node)} {{id: $c{key}[i]}})"
    return f"{merge} SET {kept}" if kept else merge


def create_relationships(rel: Relationship) -> str:
    """Add one relationship for each row; both ends exist, and the row does not."""
    columns = list(enumerate(rel.columns))[2:]
    sets = ", ".join(f"r.{quote(p.name)} = $c{i}[i]" for i, p in columns)
    create = (
        f"UNWIND range(0, size($c0) - 1) AS i MATCH (a:{quote(rel.start)} {{id: $c0[i]}}) "
        f"MATCH (b:{quote(rel.end)} {{id: $c1[i]}}) CREATE (a)-[r:{_name(rel)}]->(b)"
    )
    return f"{create} SET {sets}" if sets else create


def existing_ids(node: Node) -> str:
    """Which of `$ids` the label holds."""
    return f"UNWIND $ids AS id MATCH (n:{_name(node)} {{id: id}}) RETURN n.id AS id"


def existing_relationships(rel: Relationship, one_run: bool) -> str:
    """For each of `$ids` that starts any: the start's id, then lists of the ends' ids and of each key property.

    `$run` is the run asked for when `one_run`.
    """
    where = " WHERE r.run = $run" if one_run else ""
    keys = "".join(f", collect(r.{quote(k)}) AS {quote(k)}" for k in rel.key)
    return (
        f"UNWIND $ids AS id MATCH (a:{quote(rel.start)} {{id: id}})-[r:{_name(rel)}]->(b:{quote(rel.end)}){where} "
        f"RETURN id AS start, collect(b.id) AS end{keys}"
    )


def delete_relationships(rel: Relationship, among: bool) -> str:
    """Delete the relationships of `$run`: those that start at `$ids` when `among`, else all."""
    start = f"(a:{quote(rel.start)} {{id: id}})" if among else f"(a:{quote(rel.start)})"
    unwind = "UNWIND $ids AS id " if among else ""
    return f"{unwind}MATCH {start}-[r:{_name(rel)}]->(:{quote(rel.end)}) WHERE r.run = $run DELETE r"


def tables_of_run(tables: Iterable[Table]) -> str:
    """The names of those of some tables of which `$run` has any row: one question, as most runs have few of them."""
    return " UNION ALL ".join(f"{_of_run(t)} RETURN '{t.name}' AS name LIMIT 1" for t in tables)


def _of_run(t: Table) -> str:
    if isinstance(t, Node):
        return f"MATCH (n:{_name(t)} {{run: $run}})"
    return f"MATCH (:{quote(t.start)})-[r:{_name(t)}]->(:{quote(t.end)}) WHERE r.run = $run"


def doubled(rel: Relationship) -> str:
    """How many relationships of the type there are too many: those that start at `$ids`, with the same ends and key."""
    return f"{_same(rel)} RETURN sum(size(same) - 1) AS extra"


def delete_doubled(rel: Relationship) -> str:
    """Delete all but one of each of them; the one with the most properties, such as a person's own, stays."""
    return f"{_same(rel)} UNWIND tail(same) AS r DELETE r"


def _same(rel: Relationship) -> str:
    keys = "".join(f", r.{quote(k)} AS k{i}" for i, k in enumerate(rel.key))
    named = "".join(f", k{i}" for i in range(len(rel.key)))
    return (
        f"UNWIND $ids AS id MATCH (a:{quote(rel.start)} {{id: id}})-[r:{_name(rel)}]->(b:{quote(rel.end)}) "
        f"WITH a, b, r{keys}, size(keys(r)) AS properties ORDER BY properties DESC "
        f"WITH a, b{named}, collect(r) AS same WHERE size(same) > 1"
    )


def counts_by_run(t: Table, owned: bool) -> str:
    """How many rows of the table each run has; of a table without runs, how many there are."""
    run = "n.run" if owned else "null"
    if isinstance(t, Node):
        return f"MATCH (n:{_name(t)}) RETURN {run} AS run, count(n) AS count"
    return f"MATCH (:{quote(t.start)})-[n:{_name(t)}]->(:{quote(t.end)}) RETURN {run} AS run, count(n) AS count"


def all_ids(node: Node) -> str:
    """The ids of all nodes of a label."""
    return f"MATCH (n:{_name(node)}) RETURN n.id AS id"


def with_properties(t: Table, names: list[str]) -> str:
    """The ids of the nodes, or of the nodes that relationships start at, where any of some properties is set."""
    if isinstance(t, Node):
        return f"MATCH (n:{_name(t)}) WHERE {_any_set('n', names)} RETURN n.id AS id"
    pattern = f"(a:{quote(t.start)})-[r:{_name(t)}]->(:{quote(t.end)})"
    return f"MATCH {pattern} WHERE {_any_set('r', names)} RETURN DISTINCT a.id AS id"


def read_properties(t: Table, names: list[str]) -> str:
    """What names each row, then its properties, for rows of `$ids` (of relationships: their start) that have any."""
    if isinstance(t, Node):
        match, x, own = f"(n:{_name(t)} {{id: id}})", "n", ["n.id"]
    else:
        match, x = f"(a:{quote(t.start)} {{id: id}})-[r:{_name(t)}]->(b:{quote(t.end)})", "r"
        own = ["a.id", "b.id", *(f"r.{quote(k)}" for k in t.key)]
    shown = ", ".join(f"{what} AS v{i}" for i, what in enumerate([*own, *(f"{x}.{quote(n)}" for n in names)]))
    return f"UNWIND $ids AS id MATCH {match} WHERE {_any_set(x, names)} RETURN {shown}"


def exchange_properties(t: Table, old: list[str], new: list[str]) -> str:
    """Set the properties `new` and take `old` away; the columns are as `read_properties` names rows, then `new`."""
    each = "UNWIND range(0, size($c0) - 1) AS i "
    if isinstance(t, Node):
        match, x, own = f"MATCH (n:{_name(t)} {{id: $c0[i]}})", "n", 1
    else:
        keys = [f"r.{quote(k)} = $c{i}[i]" for i, k in enumerate(t.key, 2)]
        where = f" WHERE {' AND '.join(keys)}" if keys else ""
        ends = f"(a:{quote(t.start)} {{id: $c0[i]}})-[r:{_name(t)}]->(b:{quote(t.end)} {{id: $c1[i]}})"
        match, x, own = f"MATCH {ends}{where}", "r", 2 + len(t.key)
    sets = [f"{x}.{quote(name)} = $c{i}[i]" for i, name in enumerate(new, own)]
    # Not REMOVE: the local server takes no quoted name there, and says nothing.
    sets += [f"{x}.{quote(name)} = NULL" for name in old]
    return f"{each}{match} SET {', '.join(sets)}"


def ids_of_run(node: Node) -> str:
    """The ids of the nodes that belong to `$run`."""
    return f"MATCH (n:{_name(node)} {{run: $run}}) RETURN n.id AS id"


def delete_nodes(node: Node) -> str:
    """Delete the nodes of `$ids` with their relationships."""
    return f"UNWIND $ids AS id MATCH (n:{_name(node)} {{id: id}}) DETACH DELETE n"


def count(t: Table) -> str:
    """How many nodes of the label, or relationships of the type, there are; both servers know it without a scan."""
    pattern = f"(n:{_name(t)})" if isinstance(t, Node) else f"()-[n:{_name(t)}]->()"
    return f"MATCH {pattern} RETURN count(n) AS count"


def counts(tables: dict[str, Table] = TABLES) -> tuple[str, str]:
    """Two statements whose rows are (label or type, count), zero counts among them: nodes, then relationships."""
    labels = [t.label for t in tables.values() if isinstance(t, Node)]
    types = dict.fromkeys(t.type for t in tables.values() if isinstance(t, Relationship))
    nodes = [f"MATCH (n:{quote(x)}) RETURN '{x}' AS name, count(n) AS count" for x in labels]
    rels = [f"MATCH ()-[r:{quote(x)}]->() RETURN '{x}' AS name, count(r) AS count" for x in types]
    return " UNION ALL ".join(nodes), " UNION ALL ".join(rels)


def _any_set(variable: str, names: list[str]) -> str:
    return " OR ".join(f"{variable}.{quote(name)} IS NOT NULL" for name in names)


def _indexed(kind: str, tables: dict[str, Table]) -> Iterator[tuple[Table, Property]]:
    for t in tables.values():
        for p in t.properties:
            if p.index == kind:
                yield t, p


def _assignments(node: Node) -> str:
    return ", ".join(f"n.{quote(p.name)} = $c{i}[i]" for i, p in enumerate(node.columns))


def _position(node: Node, name: str) -> int:
    return [p.name for p in node.columns].index(name)


def _name(t: Table) -> str:
    return quote(t.label if isinstance(t, Node) else t.type)


def index_name(t: Table, p: Property) -> str:
    """The name of the constraint or index on a property: `Neuron_id`."""
    return f"{t.label if isinstance(t, Node) else t.type}_{p.name}"


def quote(name: str) -> str:
    """A name of the ontology as both servers take it. Raises SchemaError for what is no plain name."""
    if not name.isidentifier():
        raise SchemaError(f"{name!r} is not a name the ontology may use; expected letters, digits and _")
    return f"`{name}`"
