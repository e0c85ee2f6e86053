// For each feature its F1 against the number of neurons that a probe may use, by model, layer and method: where one
// neuron does as well as many, the layer gives the feature a neuron of its own.
// $features: texts = null; ids of the features, null for all
// $model: model = null; only probes of this model
// $run: run = null; only evidence of this run
// columns: feature, name, model, layer, method, run, k, f1, mcc, rotated, base_f1, gap, status
// needs: Probe, FOR from probes
// example: {}
MATCH (f:Feature)<-[:FOR]-(p:Probe)
WHERE ($features IS NULL OR f.id IN $features) AND ($model IS NULL OR p.model = $model)
  AND ($run IS NULL OR p.run = $run)
WITH f, p ORDER BY p.k
WITH f.id AS feature, f.name AS name, p.model AS model, p.layer AS layer, p.method AS method, p.run AS run,
     collect({k: p.k, f1: p.f1, mcc: p.mcc, rotated: p.`null`, base_f1: p.base_f1, gap: p.gap, status: p.status}) AS ks
RETURN feature, name, model, layer, method, run, [x IN ks | x.k] AS k, [x IN ks | x.f1] AS f1, [x IN ks | x.mcc] AS mcc,
       [x IN ks | x.rotated] AS rotated, [x IN ks | x.base_f1] AS base_f1, [x IN ks | x.gap] AS gap,
       [x IN ks | x.status] AS status
ORDER BY feature, model, run, layer, method
