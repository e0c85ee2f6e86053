// Where a statement comes from: its run, named by the `run` that every piece of evidence carries, and the runs that
// was derived from, step by step.
// $run: run; the run
// columns: steps, run, job, model, weights, parameters, code, started, ended
// needs: nothing
// example: {"run": "clamp-1"}
MATCH (r:Run {id: $run})
OPTIONAL MATCH p = (r)-[:DERIVED_FROM*1..8]->(s:Run)
WITH r, s, min(length(p)) AS steps
WITH r, collect({run: s, steps: steps}) AS sources
UNWIND [{run: r, steps: 0}] + [x IN sources WHERE x.run IS NOT NULL] AS one
WITH one.run AS s, one.steps AS steps
RETURN steps, s.id AS run, s.job AS job, s.model AS model, s.weights AS weights, s.parameters AS parameters,
       s.code AS code, s.started AS started, s.ended AS ended
ORDER BY steps, run
