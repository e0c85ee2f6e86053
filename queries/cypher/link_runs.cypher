// The link runs between a base and its fine-tune, newest first.
// $base: model; the base
// $tuned: model; its fine-tune
// columns: run, mean_cosine, parameters, summary, started
// needs: FINE_TUNED_FROM from link
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts"}
MATCH (b:Model {id: $tuned})-[f:FINE_TUNED_FROM]->(a:Model {id: $base})
MATCH (r:Run {id: f.run})
RETURN r.id AS run, f.mean_cosine AS mean_cosine, r.parameters AS parameters, r.summary AS summary, r.started AS started
ORDER BY started DESC, run
