// The best single neuron of each layer of a model for any feature, by run: its F1, beside that of always guessing yes and
// of the best of as many random directions.
// $model: model; the model
// $run: run = null; only evidence of this run
// columns: run, layer, features, neuron, feature, f1, base_f1, rotated
// needs: DETECTS from probes
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[d:DETECTS]->(f:Feature)
WHERE (d.rank = 1 OR d.rank IS NULL) AND d.f1 IS NOT NULL AND ($run IS NULL OR d.run = $run)
WITH n, d, f ORDER BY d.f1 DESC, f.name, n.id
WITH d.run AS run, n.layer AS layer, count(DISTINCT f) AS features,
     collect({neuron: n.id, feature: f.name, f1: d.f1, base_f1: d.base_f1, rotated: d.`null`})[0] AS best
RETURN run, layer, features, best.neuron AS neuron, best.feature AS feature, best.f1 AS f1, best.base_f1 AS base_f1,
       best.rotated AS rotated
ORDER BY run, layer
