// The N2G graphs of one neuron, with their scores on held-out documents beside the lookups'.
// $neuron: neuron; the neuron
// columns: graph, run, pole, algorithm, status, maximum, base, lossy, nodes, precision, recall, f1, correlation, r2,
// support, f1_random, f1_token, f1_5gram, f1_backoff, null_f1
// needs: HAS_GRAPH from n2g
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[:HAS_GRAPH]->(g:Graph)
RETURN g.id AS graph, g.run AS run, g.pole AS pole, g.algorithm AS algorithm, g.status AS status,
       g.maximum AS maximum, g.base AS base, g.lossy AS lossy, g.nodes AS nodes, g.precision AS precision, g.recall AS recall,
       g.f1 AS f1, g.correlation AS correlation, g.r2 AS r2, g.support AS support, g.f1_random AS f1_random,
       g.f1_token AS f1_token, g.f1_5gram AS f1_5gram, g.f1_backoff AS f1_backoff, g.null AS null_f1
ORDER BY run, pole DESC
