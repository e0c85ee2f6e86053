// What the router sends to each expert of a mixture: the top tokens of its row, by layer and expert.
// $model: model; the model
// $layer: int = null; only this layer
// $run: run = null; only evidence of this run
// columns: expert, pole, tokens, z, run
// needs: ROUTES_ON from lm-head
// example: {"model": "gemma-3-270m"}
MATCH (x:Expert {model: $model})-[d:ROUTES_ON]->(t:Token)
WHERE ($layer IS NULL OR x.layer = $layer) AND ($run IS NULL OR d.run = $run)
WITH x, d, t ORDER BY d.rank
WITH x, d.pole AS pole, d.run AS run, collect(t.text) AS tokens, max(d.z) AS z
RETURN x.id AS expert, pole, tokens, z, run
ORDER BY x.layer, x.expert, pole DESC, run
