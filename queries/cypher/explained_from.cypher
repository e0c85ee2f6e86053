// Neurons with an explanation whose headline score reaches a threshold, best first, beside the score of the control.
// $least: float; least headline score
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, pole, explanation, scorer, formula, score, null_score, run
// needs: EXPLAINED_BY from explanations
// example: {"least": 0.5}
// part of: neuronkb find
MATCH (n:Neuron)-[x:EXPLAINED_BY]->(e:Explanation)
WHERE x.value >= $least AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR x.run = $run)
RETURN n.id AS neuron, x.pole AS pole, e.text AS explanation, x.scorer AS scorer, x.formula AS formula,
       x.value AS score, x.`null` AS null_score, x.run AS run
ORDER BY score DESC, neuron, pole DESC, explanation, scorer, formula, run, e.id LIMIT $top
