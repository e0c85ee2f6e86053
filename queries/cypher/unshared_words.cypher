// Neurons that speak clearly both in their weights and on text, and of different words: a coherent up or down row and
// an N2G graph that beats the lookups, on the same side, without a word in common. A neuron may well read one thing and
// write another, so this is where to look, not an error.
// $model: model; the model
// $coherence: float = 0.3; least coherence of the row's tokens
// $f1: float = 0.5; least F1 of the graph
// $top: int = 20; rows at most
// columns: neuron, projection, pole, coherence, decoded, f1, fires_on
// needs: Stats weights, DECODES_TO, SPELLS from lm-head; HAS_GRAPH, ACTIVATES_ON from n2g
// example: {"model": "gemma-3-270m", "f1": 0.6}
MATCH (n:Neuron {model: $model})-[h:HAS_GRAPH]->(g:Graph)
WHERE g.f1 >= $f1 AND g.f1 > coalesce(g.`null`, 0.0)
MATCH (n)-[:HAS_STATS]->(s:Stats {kind: 'weights'})
WHERE s.coherence >= $coherence AND s.projection <> 'gate' AND s.pole = h.pole
MATCH (n)-[a:ACTIVATES_ON]->(w:Term) WHERE a.run = h.run AND a.pole = h.pole
WITH n, h, g, s, w ORDER BY w.id
WITH n, h, g, s, collect(DISTINCT w.id) AS fires_on
MATCH (n)-[d:DECODES_TO]->(:Token)-[:SPELLS]->(v:Term)
WHERE d.run = s.run AND d.projection = s.projection AND d.pole = s.pole
WITH n, g, s, fires_on, d, v ORDER BY d.rank, v.id
WITH n, g, s, fires_on, collect(DISTINCT v.id) AS decoded
WHERE none(x IN decoded WHERE x IN fires_on)
RETURN n.id AS neuron, s.projection AS projection, s.pole AS pole, s.coherence AS coherence, decoded, g.f1 AS f1, fires_on
ORDER BY CASE WHEN coherence < f1 THEN coherence ELSE f1 END DESC, neuron, projection, pole DESC LIMIT $top
