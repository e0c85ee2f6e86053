// Neurons that alone tell given features, best F1 first. The same numbers in several tables are one row.
// $features: texts; ids of the features
// $least: float = null; least F1
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, model, layer, feature, name, method, f1, precision, recall, mcc, auc, coef, threshold, base_f1,
// rotated, split, imported, runs
// needs: DETECTS from probes
// example: {"features": ["texts/is_month"]}
// part of: neuronkb find
UNWIND $features AS id
MATCH (f:Feature {id: id})<-[d:DETECTS]-(n:Neuron)
WHERE ($least IS NULL OR d.f1 >= $least) AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
WITH n, f, d ORDER BY d.run
WITH n.id AS neuron, n.model AS model, n.layer AS layer, f.id AS feature, f.name AS name, d.method AS method,
     d.f1 AS f1, d.precision AS precision, d.recall AS recall, d.mcc AS mcc, d.auc AS auc, d.coef AS coef,
     d.threshold AS threshold, d.base_f1 AS base_f1, d.`null` AS rotated, d.split AS split, d.imported AS imported,
     collect(d.run) AS runs
RETURN neuron, model, layer, feature, name, method, f1, precision, recall, mcc, auc, coef, threshold, base_f1, rotated,
       split, imported, runs
ORDER BY coalesce(f1, -1.0) DESC, coalesce(mcc, -1.0) DESC, neuron, feature, method, runs[0] LIMIT $top
