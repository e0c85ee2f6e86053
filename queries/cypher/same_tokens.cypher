// Neuron sides that decode to the same tokens as a side of one neuron; most in common first.
// $neuron: neuron; the neuron
// $projection: text of gate | up | down = "down"; the row
// $pole: int of 1 | -1 = 1; which end of its ranking
// $least: int = 2; tokens in common at least
// $model: model = null; only neurons of this model
// $top: int = 20; rows at most
// columns: neuron, projection, pole, shared, tokens, run
// needs: DECODES_TO from lm-head
// example: {"neuron": "gemma-3-270m/L9/N188", "least": 1}
MATCH (a:Neuron {id: $neuron})-[d:DECODES_TO]->(t:Token)<-[e:DECODES_TO]-(n:Neuron)
WHERE d.projection = $projection AND d.pole = $pole AND n.id <> $neuron AND ($model IS NULL OR n.model = $model)
WITH n, e.projection AS projection, e.pole AS pole, e.run AS run, t.text AS token, min(d.rank) AS rank ORDER BY rank
WITH n, projection, pole, run, collect(DISTINCT token) AS tokens
WHERE size(tokens) >= $least
RETURN n.id AS neuron, projection, pole, size(tokens) AS shared, tokens, run
ORDER BY shared DESC, neuron, projection, pole DESC, run LIMIT $top
