// Neuron sides whose top tokens lie closest together in the unembedding, though they are different words.
// $least: float = 0.3; least coherence: mean pairwise cosine of the tokens' unembedding rows
// $distinct: int = 8; different words at least among the top tokens
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, projection, pole, coherence, kurtosis, tokens, run
// needs: Stats weights, DECODES_TO from lm-head
// example: {"least": 0.5, "distinct": 2}
MATCH (n:Neuron)-[:HAS_STATS]->(s:Stats)
WHERE s.coherence >= $least AND s.kind = 'weights' AND s.distinct >= $distinct
  AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR s.run = $run)
WITH n, s ORDER BY s.coherence DESC, n.id, s.projection, s.pole LIMIT $top
MATCH (n)-[d:DECODES_TO]->(t:Token)
WHERE d.run = s.run AND d.projection = s.projection AND d.pole = s.pole
WITH n, s, d, t ORDER BY d.rank
WITH n, s, collect(t.text) AS tokens
RETURN n.id AS neuron, s.projection AS projection, s.pole AS pole, s.coherence AS coherence, s.kurtosis AS kurtosis,
       tokens, s.run AS run
ORDER BY coherence DESC, neuron, projection, pole
