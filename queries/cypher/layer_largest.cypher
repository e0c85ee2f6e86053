// The median over one layer of each neuron's largest value of both poles, by run: what a dead neuron is far below.
// $model: model; of the neurons
// $layer: int; 0-based
// $runs: texts; ids of the runs over a text
// columns: run, median
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m", "layer": 9, "runs": ["activations-1"]}
// part of: neuronkb neurons beside
MATCH (n:Neuron {model: $model, layer: $layer})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
WHERE s.run IN $runs
WITH n, s.run AS run, max(s.max) AS largest
RETURN run, percentileDisc(largest, 0.5) AS median
ORDER BY run
