// How large and how often one side of a neuron or latent is active, by the run that counted it, oldest first.
// $unit: text; id of the neuron or latent
// $pole: int = 1; the side, 1 or -1
// columns: run, kind, max, nonzero
// needs: Stats activations from activations
// example: {"unit": "gemma-3-270m/L9/N188"}
// part of: GET /api/feature over HTTP
OPTIONAL MATCH (a:Neuron {id: $unit})
OPTIONAL MATCH (b:Latent {id: $unit})
WITH coalesce(a, b) AS n
MATCH (n)-[:HAS_STATS]->(s:Stats)
WHERE s.kind <> 'weights' AND s.pole = $pole
MATCH (r:Run {id: s.run})
RETURN s.run AS run, s.kind AS kind, s.max AS max, s.nonzero AS nonzero
ORDER BY r.started, run
