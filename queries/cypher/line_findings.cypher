// Findings about some neurons, and those that were carried to them from another model, with the newest verdict last.
// $neurons: neurons; the neurons
// columns: neuron, finding, text, created, verdict, run, judged
// needs: ABOUT from findings
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})<-[:ABOUT]-(f:Finding)
RETURN n.id AS neuron, f.id AS finding, f.text AS text, f.created AS created, null AS verdict, null AS run,
       null AS judged
ORDER BY neuron, created, finding
UNION ALL
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})<-[c:CARRIED_TO]-(f:Finding)
OPTIONAL MATCH (r:Run {id: c.run})
RETURN n.id AS neuron, f.id AS finding, f.text AS text, f.created AS created, c.verdict AS verdict, c.run AS run,
       r.started AS judged
ORDER BY neuron, judged, run, finding, verdict
