// The link runs between a base and its fine-tune, newest first.
// $base, $tuned: model ids
MATCH (b:Model {id: $tuned})-[f:FINE_TUNED_FROM]->(a:Model {id: $base})
MATCH (r:Run {id: f.run})
RETURN r.id AS run, f.mean_cosine AS mean_cosine, r.parameters AS parameters, r.summary AS summary, r.started AS started
ORDER BY started DESC, run
