// The explanations of one neuron that were scored on another too, such as its counterpart, with all else the same:
// scorer, formula, simulator, person, pole and split.
// $neuron: neuron; the neuron that they explain
// $other: neuron; the other one
// columns: explanation, text, scorer, formula, base, base_null, value, null_score, n, run
// needs: EXPLAINED_BY, SCORED, OF from explanations
// example: {"neuron": "gemma-3-270m/L9/N188", "other": "gemma-3-270m-facts/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[:EXPLAINED_BY]->(e:Explanation)-[:SCORED]->(s:Score)-[:OF]->(n)
MATCH (e)-[:SCORED]->(t:Score)-[:OF]->(o:Neuron {id: $other})
WHERE t.id <> s.id AND t.scorer = s.scorer AND coalesce(t.formula, '') = coalesce(s.formula, '')
  AND coalesce(t.split, '') = coalesce(s.split, '') AND coalesce(t.pole, 1) = coalesce(s.pole, 1)
  AND coalesce(t.simulator, '') = coalesce(s.simulator, '') AND coalesce(t.rater, '') = coalesce(s.rater, '')
RETURN e.id AS explanation, e.text AS text, s.scorer AS scorer, s.formula AS formula, s.value AS base,
       s.`null` AS base_null, t.value AS value, t.`null` AS null_score, t.n AS n, t.run AS run
ORDER BY coalesce(base, -1.0) DESC, explanation, scorer, formula, run
