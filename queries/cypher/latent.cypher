// One latent: its model and dictionary, what kind of dictionary that is, and where it reads.
// $latent: text; id of the latent
// columns: latent, model, source, kind, hook
// needs: EXPLAINED_BY from explanations
// example: {"latent": "gemma-3-270m/9-res/4"}
// part of: GET /api/feature over HTTP
MATCH (l:Latent {id: $latent})
OPTIONAL MATCH (s:Source {id: l.source})
OPTIONAL MATCH (s)-[:OF]->(m:Model)
RETURN l.id AS latent, m.id AS model, l.source AS source, s.kind AS kind, s.hook AS hook
