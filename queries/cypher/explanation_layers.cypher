// How good a model's explanations are by layer, kind and explainer: means of the chosen ones' scores, beside the same for
// explanations of another neuron, with what they weigh and what failed.
// $model: model; the model
// $run: run = null; only this run
// columns: run, layer, kind, explainer, scorer, formula, split, rater, sides, scored, mean, null_mean, best, length, n,
// failed
// needs: EXPLAINED_BY, SCORED, OF from explanations
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[x:EXPLAINED_BY]->(e:Explanation)-[:SCORED]->(s:Score)-[:OF]->(n)
WHERE ($run IS NULL OR x.run = $run) AND (s.pole IS NULL OR s.pole = x.pole) AND (x.rank IS NULL OR x.rank = 1)
RETURN x.run AS run, n.layer AS layer, e.kind AS kind, e.explainer AS explainer, s.scorer AS scorer,
       s.formula AS formula, s.split AS split, s.rater AS rater, count(*) AS sides, count(s.value) AS scored,
       avg(s.value) AS mean, avg(s.null) AS null_mean, max(s.value) AS best, avg(e.length) AS length,
       sum(s.n) AS n, sum(s.failed) AS failed
ORDER BY run, layer, kind DESC, explainer, scorer, formula, split, rater
