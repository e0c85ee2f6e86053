// Which files of evidence of which runs are in the store whole: what a search matrix was made of, or must be made of.
// columns: run, model, shard, sha256, rows
// needs: nothing
// example: {}
// part of: neuronkb search
MATCH (r:Run)
MATCH (s:Shard)
WHERE s.run = r.id AND s.state = 'done'
RETURN r.id AS run, r.model AS model, s.id AS shard, s.sha256 AS sha256, s.rows AS rows
ORDER BY run, shard
