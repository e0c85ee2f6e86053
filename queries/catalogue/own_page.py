"""How people write queries of their own, as Markdown."""

from __future__ import annotations

from .evidence import MAKERS
from .own import MAX_FILE, MAX_FILES
from .parameter import TYPES

EXAMPLE = """// Neurons of a model that go furthest from zero on a corpus, largest first.
// $model: model; the model
// $least: float = 0; the largest value that a neuron must reach
// $pole: int of 1 | -1 = 1; the side of the hidden value
// $top: int = 10; how many neurons
// columns: neuron, run, largest
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m", "least": 2}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'activations', pole: $pole})
WHERE s.max >= $least
RETURN n.id AS neuron, s.run AS run, s.max AS largest
ORDER BY largest DESC, neuron
LIMIT $top
"""
"""A whole file."""

_PLACE = """## Your own queries

A file `NAME.cypher` in the folder `queries` of the store is a query as those below are.
It is listed, shown, run with its parameters as options, and offered to agents.
The folder lies in that of a local store; of Neo4j servers it is `neuronkb/queries` in your data directory.
The name has lower-case letters, digits and underscores, and is none of those below.

    neuronkb queries list                # yours come last; files that are no query are named, with what is wrong
    neuronkb queries check               # asks each with its example; exit code 1 where one is wrong

A whole file, `loud_neurons.cypher`:
"""
_HEAD = r"""```sh
neuronkb queries run loud_neurons --model gemma-3-270m --least 2
```

Its first lines, without a gap, are its head comment:

| line | says |
|---|---|
| the first ones | what it answers; `queries list` shows the first sentence |
| `$name: TYPE; what it is` | a parameter that must be given; each `$name` of the text has one |
| `$name: TYPE = default; ...` | one that may be left out; the default is JSON |
| `$name: TYPE of a \| b; ...` | one of these values |
| `columns:` | what the query returns, in order |
| `needs:` | the evidence without which it finds nothing, `TYPE, TYPE from MAKER; ...`; `nothing` for none |
| `needs any:` | the same, where one of them is enough |
| `example:` | parameters as JSON, `{}` for none |

A line that begins none of these goes on with the one above.
"""


def own_section() -> str:
    """Where such a file lies, a whole one, and what its head comment says."""
    types, makers = (", ".join(f"`{name}`" for name in names) for names in (TYPES, MAKERS))
    return f"""{_PLACE}
```cypher
{EXAMPLE}```

{_HEAD}The types are {types}.
The makers are {makers}.

The store lets no query write.
A file is read when it is asked for, so that a change counts at once.
It is UTF-8 of at most {MAX_FILE >> 10} KiB.
Links that lead out of the folder are not followed, and a list reads the first {MAX_FILES:,} files.
"""
