// The top tokens of given neurons in one projection: id, pole and token texts, strongest first.
// $neurons: neurons; the neurons
// $projection: text of gate | up | down; the row
// $run: run = null; only this decoding run
// columns: neuron, run, pole, tokens
// needs: DECODES_TO from lm-head
// example: {"neurons": ["gemma-3-270m/L9/N188"], "projection": "down"}
// part of: neuronkb links diff
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DECODES_TO]->(t:Token)
WHERE d.projection = $projection AND ($run IS NULL OR d.run = $run)
WITH id, d, t ORDER BY d.rank
RETURN id AS neuron, d.run AS run, d.pole AS pole, collect(t.text) AS tokens
ORDER BY neuron, run, pole DESC
