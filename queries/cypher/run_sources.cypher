// The runs of a model, and of models it is linked to, with all that each was derived from.
// $model: model; the model
// columns: run, job, parameters, started, source, source_parameters
// needs: nothing
// example: {"model": "gemma-3-270m"}
// part of: neuronkb words agree
MATCH (r:Run {model: $model})
OPTIONAL MATCH (r)-[:DERIVED_FROM*1..8]->(s:Run)
WITH DISTINCT r, s
RETURN r.id AS run, r.job AS job, r.parameters AS parameters, r.started AS started, s.id AS source,
       s.parameters AS source_parameters
ORDER BY started, run, source
