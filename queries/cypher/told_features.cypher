// The features that given neurons tell: best F1 of each, with the F1 of always guessing yes.
// $neurons: neurons; the neurons
// $run: run = null; only evidence of this run
// columns: neuron, layer, name, category, f1, base_f1
// needs: DETECTS from probes
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb probes report
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[d:DETECTS]->(f:Feature)
WHERE d.f1 IS NOT NULL AND ($run IS NULL OR d.run = $run)
RETURN id AS neuron, n.layer AS layer, f.name AS name, coalesce(f.category, '') AS category, max(d.f1) AS f1,
       max(coalesce(d.base_f1, 0.0)) AS base_f1
ORDER BY neuron, name
