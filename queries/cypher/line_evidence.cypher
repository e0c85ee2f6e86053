// Those of some neurons that a method looked at: with numbers, a graph, a probe or an explanation.
// $neurons: neurons; the neurons
// columns: neuron
// needs any: Stats weights from lm-head; Stats activations from activations; HAS_GRAPH from n2g; DETECTS from probes;
// EXPLAINED_BY from explanations
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[:HAS_STATS|HAS_GRAPH|DETECTS|EXPLAINED_BY]->()
RETURN DISTINCT n.id AS neuron
ORDER BY neuron
