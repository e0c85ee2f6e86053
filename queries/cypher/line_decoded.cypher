// Ends of some neurons' rows whose top tokens lie close together in the unembedding, though they are different words.
// $neurons: neurons; the neurons
// $least: float = 0.3; least coherence: mean pairwise cosine of the tokens' unembedding rows
// $distinct: int = 8; different words at least among the top tokens
// columns: neuron, projection, pole, score, run
// needs: Stats weights from lm-head
// example: {"neurons": ["gemma-3-270m/L9/N188"], "distinct": 2}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[:HAS_STATS]->(s:Stats)
WHERE s.kind = 'weights' AND s.coherence >= $least AND s.distinct >= $distinct
RETURN n.id AS neuron, s.projection AS projection, s.pole AS pole, s.coherence AS score, s.run AS run
ORDER BY neuron, score DESC, projection, pole DESC, run
