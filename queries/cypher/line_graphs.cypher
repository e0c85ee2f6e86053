// N2G graphs of some neurons that predict firing better than the best of the lookups.
// $neurons: neurons; the neurons
// columns: neuron, pole, run, score, null_score
// needs: HAS_GRAPH from n2g
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[h:HAS_GRAPH]->(g:Graph)
WHERE g.f1 > g.`null`
RETURN n.id AS neuron, h.pole AS pole, h.run AS run, g.f1 AS score, g.`null` AS null_score
ORDER BY neuron, score - null_score DESC, pole DESC, run
