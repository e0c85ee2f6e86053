"""Version 2: evidence without wall times; windows in steps; nodes of graphs; scores of explanations; runs named by
their model too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..levels import MOST, STEPS
from ..older_rows import EXPLAINED_BY, FIRES_ON, explained_by, fires_on, graphs
from ..property import Property
from .step import Fill, Rewrite, Step

ON_TOKENS = ("activations", "probes", "n2g", "explanations", "clamp")
"""Jobs whose parameters name the tokenizer from now on."""
NODES = 3_000
"""Of branch and bound: version 1 searched for optimal probes up to a time, this limit stands in its place."""

SCORES = ("Score", "Explanation.SCORED.Score", "Score.OF.Neuron", "Score.OF.Latent")

TIMES = (
    Rewrite("Probe", (Property("seconds", "float", "time of the search and fit"),)),
    Rewrite("Finding.CARRIED_TO.Neuron", (Property("created", "string", "ISO 8601 time"),)),
)
"""A run says when it was made; in evidence, a time gives every rerun another checksum."""


def parameters(job: str, tokenizer: str | None, held: Mapping[str, Any]) -> dict[str, Any]:
    """A run's parameters with those that version 1 did not name."""
    found = dict(held)
    if job in ON_TOKENS:
        found.setdefault("tokenizer", tokenizer)
    if job == "probes" and "optimal" in found.get("methods", ()):
        found.setdefault("nodes", NODES)
    return found


LEVELS = f"""
UNWIND $ids AS id
MATCH (n:%s {{id: id}})-[f:FIRES_ON]->(:Excerpt)
WHERE f.activations IS NOT NULL
WITH f, reduce(most = 0.0, v IN f.activations | CASE WHEN abs(v) > most THEN abs(v) ELSE most END) AS largest
WITH f, CASE WHEN f.activation > 0 AND f.activation / {STEPS}.0 > largest / {MOST}.0 THEN f.activation / {STEPS}.0
             WHEN f.activation > 0 THEN largest / {MOST}.0
             ELSE largest / {STEPS}.0 END AS unit
WITH f, unit, [v IN f.activations | CASE WHEN unit > 0 THEN toInteger(floor(v / unit + 0.5)) ELSE 0 END] AS numbers
SET f.levels = reduce(text = toString(numbers[0]), x IN tail(numbers) | text + ' ' + toString(x)),
    f.unit = CASE WHEN size(numbers) > 0 THEN unit ELSE null END, f.activations = null
RETURN count(f) AS rows
"""
"""`schema.levels`, step by step, in Cypher: the same texts of the same values."""
NODES_OF_GRAPHS = """
UNWIND $ids AS id
MATCH (g:Graph {id: id})
WHERE g.nodes IS NULL
OPTIONAL MATCH (g)-[:STARTS_AT]->(:GraphNode)-[:PRECEDED_BY*0..]->(x:GraphNode)
WITH g, count(DISTINCT x) AS nodes
SET g.nodes = CASE WHEN nodes = 0 AND coalesce(g.lossy, false) THEN null ELSE nodes END
RETURN count(g) AS rows
"""

STEP = Step(
    2,
    rewrites=TIMES,
    fills=(
        *(
            Fill(name, (), lambda rows, beside: fires_on(rows), LEVELS % name.partition(".")[0], batch=100)
            for name in FIRES_ON
        ),
        Fill("Graph", ("GraphNode",), lambda rows, beside: graphs(rows, beside.get("GraphNode")), NODES_OF_GRAPHS),
        *(Fill(name, SCORES, explained_by) for name in EXPLAINED_BY),
    ),
    parameters=parameters,
)
