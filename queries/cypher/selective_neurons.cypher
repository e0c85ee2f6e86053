// Monosemantic candidates by probes: neurons of a model that tell one feature with a high F1, and no other well. Well:
// at least a share of the way from the F1 of always guessing yes to 1.
// $model: model; the model
// $run: run = null; only evidence of this run
// $share: float = 0.5; the share, from 0 to 1
// $high: float = 0.9; least F1 of the one feature
// $top: int = 20; rows at most
// columns: neuron, f1
// needs: DETECTS from probes
// example: {"model": "gemma-3-270m", "high": 0.8}
MATCH (n:Neuron)-[d:DETECTS]->(f:Feature)
WHERE n.model = $model AND ($run IS NULL OR d.run = $run)
  AND d.f1 - coalesce(d.base_f1, 0.0) >= $share * (1.0 - coalesce(d.base_f1, 0.0))
WITH n, count(DISTINCT f.name) AS names, max(d.f1) AS f1
WHERE names = 1 AND f1 >= $high
RETURN n.id AS neuron, f1
ORDER BY f1 DESC, neuron LIMIT $top
