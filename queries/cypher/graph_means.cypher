// N2G graphs of a model by run and layer: mean F1 of those that fired in the test, beside that of the best lookup on the
// same windows and of the graphs on random ones.
// $model: model; the model
// $run: run = null; only evidence of this run
// columns: run, layer, graphs, f1, lookup, random
// needs: HAS_GRAPH from n2g
// example: {"model": "gemma-3-270m"}
// part of: neuronkb models show
MATCH (n:Neuron {model: $model})-[:HAS_GRAPH]->(g:Graph)
WHERE $run IS NULL OR g.run = $run
RETURN g.run AS run, n.layer AS layer, count(g) AS graphs, avg(g.f1) AS f1, avg(g.`null`) AS lookup,
       avg(g.f1_random) AS random
ORDER BY run, layer
