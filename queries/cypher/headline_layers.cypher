// How good the chosen sentences about a model's neurons are by run, layer and score: means of the headline score, and of
// the same score of another neuron's explanation. Only equal scores and formulas compare.
// $model: model; the model
// $run: run = null; only evidence of this run
// columns: run, layer, scorer, formula, sides, score, null_score
// needs: EXPLAINED_BY from explanations
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[x:EXPLAINED_BY]->(e:Explanation {kind: 'text'})
WHERE ($run IS NULL OR x.run = $run) AND x.value IS NOT NULL AND (x.rank IS NULL OR x.rank = 1)
RETURN x.run AS run, n.layer AS layer, x.scorer AS scorer, x.formula AS formula, count(x) AS sides,
       avg(x.value) AS score, avg(x.`null`) AS null_score
ORDER BY run, layer, scorer, formula
