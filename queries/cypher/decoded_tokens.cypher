// The tokens that given neurons decode to, with their numbers in the tokenizer: every run, strongest first.
// $neurons: neurons; the neurons
// columns: neuron, run, projection, pole, rank, token, text
// needs: DECODES_TO from lm-head
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb clamp run
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DECODES_TO]->(t:Token)
RETURN id AS neuron, d.run AS run, d.projection AS projection, d.pole AS pole, d.rank AS rank, t.token AS token,
       t.text AS text
ORDER BY neuron, run, projection, pole DESC, rank
