// For each feature the best single neuron of each layer of a model: of a computed run the one with rank 1, of
// published tables, which have no ranks, the best they name.
// $model: model; the model
// $run: run = null; only evidence of this run
// columns: feature, name, category, layer, neuron, method, f1, mcc, base_f1, rotated, imported, run
// needs: DETECTS from probes
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron)-[d:DETECTS]->(f:Feature)
WHERE n.model = $model AND (d.rank = 1 OR d.rank IS NULL) AND ($run IS NULL OR d.run = $run)
WITH f, n, d ORDER BY coalesce(d.f1, -1.0) DESC, coalesce(d.mcc, -1.0) DESC, n.id, d.method, d.run
WITH f.id AS feature, f.name AS name, f.category AS category, n.layer AS layer,
     collect({neuron: n.id, method: d.method, f1: d.f1, mcc: d.mcc, base_f1: d.base_f1, rotated: d.`null`,
              imported: d.imported, run: d.run})[0] AS best
RETURN feature, name, category, layer, best.neuron AS neuron, best.method AS method, best.f1 AS f1,
       best.mcc AS mcc, best.base_f1 AS base_f1, best.rotated AS rotated, best.imported AS imported, best.run AS run
ORDER BY category, name, feature, layer
