// Neurons whose value on one side is far from zero on most tokens, which then says little about any one of them.
// Largest mean over standard deviation first; before all, without a density, one that never varies.
// $model: model; the model
// $run: run = null; only evidence of this run
// $least: float = 1.0; least mean over standard deviation
// $top: int = 20; rows at most
// columns: neuron, pole, density, mean, std, nonzero, n, run
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m", "least": 0.5}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
WHERE s.mean >= $least * coalesce(s.std, 0.0) AND (s.std > 0 OR s.mean > 0) AND ($run IS NULL OR s.run = $run)
WITH n, s, CASE WHEN s.std > 0 THEN s.mean / s.std END AS density
RETURN n.id AS neuron, s.pole AS pole, density, s.mean AS mean, s.std AS std, s.nonzero AS nonzero, s.n AS n,
       s.run AS run
ORDER BY density IS NULL DESC, density DESC, neuron, pole DESC, run LIMIT $top
