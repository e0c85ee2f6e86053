// The explanations of one neuron, each with its scores on it.
// $neuron: neuron; the neuron
// columns: pole, explanation, kind, explainer, scorer, formula, score, null_score, n, failed, split, run
// needs: EXPLAINED_BY from explanations
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[x:EXPLAINED_BY]->(e:Explanation)
OPTIONAL MATCH (e)-[:SCORED]->(s:Score)-[:OF]->(n)
RETURN x.pole AS pole, e.text AS explanation, e.kind AS kind, e.explainer AS explainer, s.scorer AS scorer,
       s.formula AS formula, s.value AS score, s.`null` AS null_score, s.n AS n, s.failed AS failed, s.split AS split,
       x.run AS run
ORDER BY pole DESC, kind, explanation, run, scorer, formula, s.id
