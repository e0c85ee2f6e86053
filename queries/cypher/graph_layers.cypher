// N2G graphs of a model by run and layer: how many, what is wrong with some, mean scores of those that fired in the
// test.
// $model: model; the model
// $run: run = null; only evidence of this run
// columns: run, algorithm, layer, graphs, dead, dense, constant, silent, untested, precision, recall, f1, f1_token,
// f1_5gram, f1_backoff, f1_random, correlation, nodes
// needs: HAS_GRAPH from n2g
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[:HAS_GRAPH]->(g:Graph)
WHERE $run IS NULL OR g.run = $run
RETURN g.run AS run, g.algorithm AS algorithm, n.layer AS layer, count(g) AS graphs,
       sum(CASE WHEN g.status = 'dead' THEN 1 ELSE 0 END) AS dead,
       sum(CASE WHEN g.status = 'dense' THEN 1 ELSE 0 END) AS dense,
       sum(CASE WHEN g.status = 'constant' THEN 1 ELSE 0 END) AS constant,
       sum(CASE WHEN g.status = 'silent' THEN 1 ELSE 0 END) AS silent,
       sum(CASE WHEN g.f1 IS NULL THEN 1 ELSE 0 END) AS untested,
       avg(g.precision) AS precision, avg(g.recall) AS recall, avg(g.f1) AS f1, avg(g.f1_token) AS f1_token,
       avg(g.f1_5gram) AS f1_5gram, avg(g.f1_backoff) AS f1_backoff, avg(g.f1_random) AS f1_random,
       avg(g.correlation) AS correlation, avg(g.nodes) AS nodes
ORDER BY run, layer
