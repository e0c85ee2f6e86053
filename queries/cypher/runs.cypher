// The runs in the store: which job on which model, when, and with what parameters.
// $job: text = null; only this job, such as lm-head or link
// $model: model = null; only runs on this model
// columns: run, job, model, started, ended, parameters, summary
// needs: nothing
// example: {}
MATCH (r:Run)
WHERE ($job IS NULL OR r.job = $job) AND ($model IS NULL OR r.model = $model)
RETURN r.id AS run, r.job AS job, r.model AS model, r.started AS started, r.ended AS ended,
       r.parameters AS parameters, r.summary AS summary
ORDER BY started, run
