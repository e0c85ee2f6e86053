// The words that the rows of given neurons decode to, by run; a word may come twice.
// $neurons: neurons; the neurons
// $runs: texts; ids of the decoding runs
// columns: neuron, run, projection, pole, words
// needs: DECODES_TO, SPELLS from lm-head
// example: {"neurons": ["gemma-3-270m/L9/N188"], "runs": ["lm-head-1"]}
// part of: neuronkb words agree
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term)
WHERE d.run IN $runs
WITH id, d, w ORDER BY w.id
WITH id, d.run AS run, d.projection AS projection, d.pole AS pole, collect(w.id) AS words
RETURN id AS neuron, run, projection, pole, words
ORDER BY neuron, run, projection, pole DESC
