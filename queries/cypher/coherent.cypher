// Neuron sides whose top tokens lie closest together in the unembedding, though they are different words.
// $least: the least coherence (mean pairwise cosine); $distinct: different words at least among the top tokens;
// $model, $run: null for all; $top: how many
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
