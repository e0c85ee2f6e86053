// What one link run says of given neurons of the base: their counterparts with all that was measured.
// $neurons: neurons; of the base
// $run: run; the link run
// columns: base, tuned, measures
// needs: COUNTERPART from link
// example: {"neurons": ["gemma-3-270m/L9/N188"], "run": "link-1"}
// part of: neuronkb links report
UNWIND $neurons AS id
MATCH (a:Neuron {id: id})-[c:COUNTERPART]->(b:Neuron)
WHERE c.run = $run
RETURN a.id AS base, b.id AS tuned, properties(c) AS measures
ORDER BY base, tuned
