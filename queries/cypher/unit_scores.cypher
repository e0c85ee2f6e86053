// The scores of a neuron's or latent's explanations, on itself: by explanation, pole and formula.
// $unit: text; id of the neuron or latent
// columns: id, pole, run, scorer, formula, split, value, null_value, n, failed, positives, simulator, rater, seed
// needs: EXPLAINED_BY, SCORED, OF from explanations
// example: {"unit": "gemma-3-270m/L9/N188"}
OPTIONAL MATCH (a:Neuron {id: $unit})
OPTIONAL MATCH (b:Latent {id: $unit})
WITH coalesce(a, b) AS n
MATCH (n)-[x:EXPLAINED_BY]->(e:Explanation)-[:SCORED]->(s:Score)-[:OF]->(m)
WHERE m.id = $unit AND (s.pole IS NULL OR s.pole = x.pole)
RETURN DISTINCT e.id AS id, x.pole AS pole, s.run AS run, s.scorer AS scorer, s.formula AS formula, s.split AS split,
       s.value AS value, s.null AS null_value, s.n AS n, s.failed AS failed, s.positives AS positives,
       s.simulator AS simulator, s.rater AS rater, s.seed AS seed
ORDER BY id, pole DESC, scorer, formula, split, rater
