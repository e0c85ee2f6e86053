// How many neurons of each layer are dead, dense or sparse over a corpus, as dead_neurons, dense_neurons and
// sparse_neurons list them.
// $model: model; the model
// $run: run = null; only evidence of this run
// $share: float = 0.01; dead: the largest value is at most this share of the layer's median
// $density: float = 1.0; dense: least mean over standard deviation on one side
// $kurtosis: float = 10.0; sparse: least excess kurtosis of the hidden value
// columns: run, layer, neurons, dead, dense, sparse
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
WHERE $run IS NULL OR s.run = $run
WITH n, s.run AS run, max(s.max) AS largest,
     max(CASE WHEN s.mean >= $density * coalesce(s.std, 0.0) AND (s.std > 0 OR s.mean > 0) THEN 1 ELSE 0 END) AS dense,
     max(CASE WHEN s.kurtosis >= $kurtosis THEN 1 ELSE 0 END) AS sparse
WITH n.layer AS layer, run, count(n) AS neurons, collect(largest) AS all, percentileDisc(largest, 0.5) AS median,
     sum(dense) AS dense, sum(sparse) AS sparse
RETURN run, layer, neurons, size([x IN all WHERE x <= $share * median]) AS dead, dense, sparse
ORDER BY run, layer
