// The words that the N2G graphs of some neurons fire on (context false) and need before (true), strongest first.
// $neurons: neurons; the neurons
// columns: neuron, pole, run, context, word
// needs: ACTIVATES_ON from n2g
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[a:ACTIVATES_ON]->(t:Term)
RETURN n.id AS neuron, a.pole AS pole, a.run AS run, false AS context, t.id AS word
ORDER BY neuron, pole, run, coalesce(a.activation, 0.0) DESC, coalesce(a.importance, 0.0) DESC, word
UNION ALL
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[c:HAS_CONTEXT]->(t:Term)
RETURN n.id AS neuron, c.pole AS pole, c.run AS run, true AS context, t.id AS word
ORDER BY neuron, pole, run, coalesce(c.importance, 0.0) DESC, word
