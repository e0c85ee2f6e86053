// The decoded tokens of given neurons in one run, as ids: what a link compares.
// $neurons: ids; $run: the decoding run
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DECODES_TO]->(t:Token)
WHERE d.run = $run
RETURN id AS start, t.id AS end, d.projection AS projection, d.pole AS pole, d.rank AS rank
