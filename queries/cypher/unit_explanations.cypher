// What one neuron or latent was explained by: each statement of each pole, the chosen one of its candidates first.
// $unit: text; id of the neuron or latent
// columns: id, run, pole, rank, kind, text, explainer, method, length, embedder
// needs: EXPLAINED_BY from explanations
// example: {"unit": "gemma-3-270m/L9/N188"}
OPTIONAL MATCH (a:Neuron {id: $unit})
OPTIONAL MATCH (b:Latent {id: $unit})
WITH coalesce(a, b) AS n
MATCH (n)-[x:EXPLAINED_BY]->(e:Explanation)
RETURN e.id AS id, x.run AS run, x.pole AS pole, x.rank AS rank, e.kind AS kind, e.text AS text,
       e.explainer AS explainer, e.method AS method, e.length AS length, e.embedder AS embedder
ORDER BY run, pole DESC, kind DESC, rank, explainer, id
