// The finished runs of neuronkb words agree on a model, newest first.
// $model: model; the model
// columns: run, parameters, summary
// needs: nothing
// example: {"model": "gemma-3-270m-facts"}
// part of: neuronkb words agree
MATCH (r:Run {job: 'agree', model: $model})
WHERE r.ended IS NOT NULL
RETURN r.id AS run, r.parameters AS parameters, r.summary AS summary
ORDER BY r.started DESC, run
