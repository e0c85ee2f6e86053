// The newest runs, by when they ended, else began.
// $model: model = null; only runs on this model
// $top: int = 10; rows at most
// columns: run, job, model, started, ended
// needs: nothing
// example: {}
MATCH (r:Run)
WHERE $model IS NULL OR r.model = $model
RETURN r.id AS run, r.job AS job, r.model AS model, r.started AS started, r.ended AS ended
ORDER BY coalesce(ended, started, '') DESC, run LIMIT $top
