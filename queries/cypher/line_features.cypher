// Features that some neurons alone tell better than the best of as many random directions of the layer.
// $neurons: neurons; the neurons
// columns: neuron, feature, name, coef, score, null_score, run
// needs: DETECTS from probes
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DETECTS]->(f:Feature)
WHERE d.f1 > d.`null`
RETURN n.id AS neuron, f.id AS feature, f.name AS name, d.coef AS coef, d.f1 AS score, d.`null` AS null_score,
       d.run AS run
ORDER BY neuron, score - null_score DESC, feature, d.method, run
