// The decoded tokens of given neurons in one run, as ids: what a link compares.
// $neurons: neurons; the neurons
// $run: run; the decoding run
// columns: start, end, projection, pole, rank
// needs: DECODES_TO from lm-head
// example: {"neurons": ["gemma-3-270m/L9/N188"], "run": "lm-head-1"}
// part of: neuronkb links make
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DECODES_TO]->(t:Token)
WHERE d.run = $run
RETURN id AS start, t.id AS end, d.projection AS projection, d.pole AS pole, d.rank AS rank
