// What given neurons' hidden values were over a corpus, by run and pole; mean, min and max are of pole x value.
// $neurons: neurons; the neurons
// columns: neuron, run, pole, n, mean, std, min, max
// needs: Stats activations from activations
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb causal ingest
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
RETURN id AS neuron, s.run AS run, s.pole AS pole, s.n AS n, s.mean AS mean, s.std AS std, s.min AS min, s.max AS max
ORDER BY neuron, run, pole DESC
