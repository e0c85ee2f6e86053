// The token windows that are examples of one side of a neuron or latent, whoever drew them, the strongest first.
// $unit: text; id of the neuron or latent
// $pole: int = 1; the side, 1 or -1
// columns: id, run, band, activation, activations, tokens, corpus
// needs: FIRES_ON from activations
// example: {"unit": "gemma-3-270m/L9/N188"}
// part of: GET /api/feature over HTTP
OPTIONAL MATCH (a:Neuron {id: $unit})
OPTIONAL MATCH (b:Latent {id: $unit})
WITH coalesce(a, b) AS n
MATCH (n)-[f:FIRES_ON]->(e:Excerpt)
WHERE f.pole = $pole
RETURN e.id AS id, f.run AS run, f.band AS band, f.activation AS activation,
       [step IN split(f.levels, ' ') | toInteger(step) * f.unit] AS activations, e.tokens AS tokens, e.corpus AS corpus
ORDER BY activation DESC, id, run
