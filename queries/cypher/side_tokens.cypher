// The top tokens of given neurons in one projection: id, pole and token texts, strongest first.
// $neurons: ids; $projection: gate, up or down; $run: the decoding run, null for all
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DECODES_TO]->(t:Token)
WHERE d.projection = $projection AND ($run IS NULL OR d.run = $run)
WITH id, d, t ORDER BY d.rank
RETURN id AS neuron, d.run AS run, d.pole AS pole, collect(t.text) AS tokens
ORDER BY neuron, run, pole DESC
