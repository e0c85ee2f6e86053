// Neurons that hardly ever leave zero over a corpus: the largest value of both sides is at most a share of the median
// largest value of their layer.
// $model: model; the model
// $run: run = null; only evidence of this run
// $share: float = 0.01; of the median of the layer
// $top: int = 20; rows at most
// columns: neuron, layer, largest, median, n, run
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
WHERE $run IS NULL OR s.run = $run
WITH n, s.run AS run, max(s.max) AS largest, max(s.n) AS seen
WITH n.layer AS layer, run, collect({id: n.id, largest: largest, n: seen}) AS all, percentileDisc(largest, 0.5) AS median
UNWIND all AS one
WITH one, layer, run, median WHERE one.largest <= $share * median
RETURN one.id AS neuron, layer, one.largest AS largest, median, one.n AS n, run
ORDER BY largest, neuron, run LIMIT $top
