// Neurons that alone tell a feature, named by its id, name or an alias; best F1 first, beside always guessing yes and
// the best of as many random directions.
// $feature: text; the feature, such as is_french
// $least: float = 0.0; least F1
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, feature, f1, base_f1, rotated, precision, recall, mcc, coef, method, run
// needs: DETECTS from probes
// example: {"feature": "is_month"}
MATCH (f:Feature)<-[d:DETECTS]-(n:Neuron)
WHERE (f.id = $feature OR f.name = $feature OR $feature IN f.aliases) AND d.f1 >= $least
  AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
RETURN n.id AS neuron, f.id AS feature, d.f1 AS f1, d.base_f1 AS base_f1, d.`null` AS rotated, d.precision AS precision,
       d.recall AS recall, d.mcc AS mcc, d.coef AS coef, d.method AS method, d.run AS run
ORDER BY f1 DESC, neuron, feature, method, run LIMIT $top
