// For given features the best single neuron of each layer, by model and run: of a computed run the one with rank 1, of
// published tables, which have no ranks, the best they name.
// $features: texts; ids of the features
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// columns: feature, model, layer, run, neuron, method, f1, precision, recall, mcc, coef, base_f1, rotated, imported
// needs: DETECTS from probes
// example: {"features": ["texts/is_month"]}
// part of: neuronkb probes show
UNWIND $features AS id
MATCH (f:Feature {id: id})<-[d:DETECTS]-(n:Neuron)
WHERE (d.rank = 1 OR d.rank IS NULL) AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
WITH f, n, d ORDER BY coalesce(d.f1, -1.0) DESC, coalesce(d.mcc, -1.0) DESC, n.id, d.method
WITH f.id AS feature, n.model AS model, n.layer AS layer, d.run AS run,
     collect({neuron: n.id, method: d.method, f1: d.f1, precision: d.precision, recall: d.recall, mcc: d.mcc,
              coef: d.coef, base_f1: d.base_f1, rotated: d.`null`, imported: d.imported})[0] AS best
RETURN feature, model, layer, run, best.neuron AS neuron, best.method AS method, best.f1 AS f1,
       best.precision AS precision, best.recall AS recall, best.mcc AS mcc, best.coef AS coef, best.base_f1 AS base_f1,
       best.rotated AS rotated, best.imported AS imported
ORDER BY feature, model, run, layer
