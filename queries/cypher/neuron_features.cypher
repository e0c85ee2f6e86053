// The features that one neuron alone tells, best F1 first. The same numbers in several tables are one row.
// $neuron: neuron; the neuron
// columns: neuron, model, layer, feature, name, method, f1, precision, recall, mcc, auc, coef, threshold, base_f1,
// rotated, split, imported, runs
// needs: DETECTS from probes
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[d:DETECTS]->(f:Feature)
WITH n, f, d ORDER BY d.run
WITH n.id AS neuron, n.model AS model, n.layer AS layer, f.id AS feature, f.name AS name, d.method AS method,
     d.f1 AS f1, d.precision AS precision, d.recall AS recall, d.mcc AS mcc, d.auc AS auc, d.coef AS coef,
     d.threshold AS threshold, d.base_f1 AS base_f1, d.`null` AS rotated, d.split AS split, d.imported AS imported,
     collect(d.run) AS runs
RETURN neuron, model, layer, feature, name, method, f1, precision, recall, mcc, auc, coef, threshold, base_f1, rotated,
       split, imported, runs
ORDER BY coalesce(f1, -1.0) DESC, coalesce(mcc, -1.0) DESC, feature, method, runs[0]
