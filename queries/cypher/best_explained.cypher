// Neurons whose explanations predict them best by one scorer, or by each explanation's headline score, beside the score
// of the control.
// $scorer: text = null; only this scorer, such as correlation; the headline score unless given
// $model: model = null; only neurons of this model
// $kind: text of text | graph | token_table | decoded = null; only this kind of explanation
// $top: int = 20; rows at most
// columns: neuron, pole, explanation, kind, scorer, formula, score, null_score, run
// needs: SCORED, OF from explanations
// example: {"scorer": "correlation"}
MATCH (e:Explanation)-[:SCORED]->(s:Score)-[:OF]->(n:Neuron)
WHERE s.value IS NOT NULL AND ($scorer IS NULL OR s.scorer = $scorer) AND ($model IS NULL OR n.model = $model)
  AND ($kind IS NULL OR e.kind = $kind)
MATCH (n)-[x:EXPLAINED_BY]->(e)
WHERE (s.pole IS NULL OR s.pole = x.pole)
  AND ($scorer IS NOT NULL OR (s.run = x.run AND s.scorer = x.scorer AND s.formula = x.formula AND s.value = x.value))
RETURN DISTINCT n.id AS neuron, x.pole AS pole, e.text AS explanation, e.kind AS kind, s.scorer AS scorer,
       s.formula AS formula, s.value AS score, s.`null` AS null_score, s.run AS run
ORDER BY score DESC, neuron, pole, explanation, kind, scorer, formula, run LIMIT $top
