// Neurons of which few tokens of a corpus carry most of the variance: an excess kurtosis of the hidden value from a
// threshold on. A normal distribution has 0. Largest first.
// $model: model; the model
// $run: run = null; only evidence of this run
// $least: float = 10.0; least excess kurtosis
// $top: int = 20; rows at most
// columns: neuron, pole, kurtosis, largest, nonzero, n, run
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m", "least": 1.0}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
WHERE s.kurtosis >= $least AND ($run IS NULL OR s.run = $run)
RETURN n.id AS neuron, s.pole AS pole, s.kurtosis AS kurtosis, s.max AS largest, s.nonzero AS nonzero, s.n AS n,
       s.run AS run
ORDER BY kurtosis DESC, neuron, pole DESC, run LIMIT $top
