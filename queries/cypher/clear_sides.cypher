// The sides of one layer and projection whose top tokens are different words that lie closest together.
// $model: model; the model
// $layer: int; the layer
// $projection: text of gate | up | down; the row
// $run: run; the decoding run
// $poles: ints; +1, -1 or both
// $distinct: int; different words at least among the top tokens
// $top: int = 20; rows at most
// columns: neuron, pole, coherence
// needs: Stats weights from lm-head
// example: {"model": "gemma-3-270m", "layer": 9, "projection": "down", "run": "lm-head-1", "poles": [1, -1], "distinct": 1}
// part of: neuronkb causal ingest
MATCH (n:Neuron)-[:HAS_STATS]->(s:Stats)
WHERE n.layer = $layer AND n.model = $model AND s.run = $run AND s.kind = 'weights' AND s.projection = $projection
  AND s.pole IN $poles AND s.distinct >= $distinct AND s.coherence IS NOT NULL
RETURN n.id AS neuron, s.pole AS pole, s.coherence AS coherence
ORDER BY coherence DESC, neuron, pole DESC LIMIT $top
