// Features that neurons of two models tell: the best neuron of each, beside always guessing yes; closest to 1 in the
// worse model first.
// $model: model; one model
// $other: model; the other
// $least: float = 0.0; least F1 in both
// $top: int = 20; rows at most
// columns: feature, neuron, f1, other_neuron, other_f1, base_f1
// needs: DETECTS from probes
// example: {"model": "gemma-3-270m", "other": "gemma-3-270m-facts"}
MATCH (n:Neuron {model: $model})-[d:DETECTS]->(f:Feature)
WHERE d.f1 >= $least
WITH f, n, d ORDER BY d.f1 DESC, n.id
WITH f, collect({neuron: n.id, f1: d.f1, base: d.base_f1})[0] AS one
MATCH (m:Neuron {model: $other})-[e:DETECTS]->(f)
WHERE e.f1 >= $least
WITH f, one, m, e ORDER BY e.f1 DESC, m.id
WITH f, one, collect({neuron: m.id, f1: e.f1})[0] AS two
RETURN f.id AS feature, one.neuron AS neuron, one.f1 AS f1, two.neuron AS other_neuron, two.f1 AS other_f1,
       one.base AS base_f1
ORDER BY CASE WHEN one.f1 < two.f1 THEN one.f1 ELSE two.f1 END DESC, feature LIMIT $top
