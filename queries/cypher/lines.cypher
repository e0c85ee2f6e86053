// The kept lines of some neurons: the sentence that stands beside a neuron's id, its score and what that exceeds.
// $neurons: neurons; the neurons
// columns: neuron, line, source, score, null_score, run
// needs: nothing
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons line
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})
RETURN n.id AS neuron, n.line AS line, n.line_source AS source, n.line_score AS score, n.line_null AS null_score,
       n.line_run AS run
ORDER BY neuron
