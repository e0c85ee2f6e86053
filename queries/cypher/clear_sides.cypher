// The sides of one layer and projection whose top tokens are different words that lie closest together.
// $model, $layer, $projection, $run: the decoding run; $poles: +1, -1 or both; $distinct: different words at least;
// $top: how many
MATCH (n:Neuron)-[:HAS_STATS]->(s:Stats)
WHERE n.layer = $layer AND n.model = $model AND s.run = $run AND s.kind = 'weights' AND s.projection = $projection
  AND s.pole IN $poles AND s.distinct >= $distinct AND s.coherence IS NOT NULL
RETURN n.id AS neuron, s.pole AS pole, s.coherence AS coherence
ORDER BY coherence DESC, neuron, pole DESC LIMIT $top
