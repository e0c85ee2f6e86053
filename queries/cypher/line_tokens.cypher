// The decoded tokens of one end of each of some neurons, strongest first.
// $neurons: neurons; the neurons
// $projections: texts; gate, up or down: whose end, one for each neuron
// $poles: ints; which end
// $runs: texts; the decoding run
// columns: neuron, token
// needs: DECODES_TO from lm-head
// example: {"neurons": ["gemma-3-270m/L9/N188"], "projections": ["down"], "poles": [1], "runs": ["lm-head-1"]}
// part of: neuronkb neurons lines
UNWIND range(0, size($neurons) - 1) AS i
MATCH (n:Neuron {id: $neurons[i]})-[d:DECODES_TO]->(t:Token)
WHERE d.projection = $projections[i] AND d.pole = $poles[i] AND d.run = $runs[i]
RETURN n.id AS neuron, t.text AS token
ORDER BY neuron, d.rank, t.id
