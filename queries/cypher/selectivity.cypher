// The neurons of a model that tell some feature well, and all features they tell, best first, with the F1 of always
// guessing yes. Well: at least a share of the way from that F1 to 1.
// $model: its id; $run: null for all; $share: the share, from 0 to 1
MATCH (n:Neuron)-[best:DETECTS]->(:Feature)
WHERE n.model = $model AND ($run IS NULL OR best.run = $run)
  AND best.f1 - coalesce(best.base_f1, 0.0) >= $share * (1.0 - coalesce(best.base_f1, 0.0))
WITH DISTINCT n
MATCH (n)-[d:DETECTS]->(f:Feature)
WHERE d.f1 IS NOT NULL AND ($run IS NULL OR d.run = $run)
WITH n.id AS neuron, n.layer AS layer, f.name AS name, f.category AS category, max(d.f1) AS f1,
     max(coalesce(d.base_f1, 0.0)) AS base_f1
ORDER BY f1 DESC, name
RETURN neuron, layer, collect(name) AS names, collect(coalesce(category, '')) AS categories, collect(f1) AS f1,
       collect(base_f1) AS base_f1
ORDER BY neuron
