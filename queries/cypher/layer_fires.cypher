// Every token that the neurons of one layer fire on by the corpus pass of one run.
// $model: model; of the neurons
// $layer: int; 0-based
// $run: run; the run
// columns: start, end, pole, mean
// needs: FIRES_ON_TOKEN from activations
// example: {"model": "gemma-3-270m", "layer": 9, "run": "activations-1"}
// part of: neuronkb search
MATCH (n:Neuron {layer: $layer})-[f:FIRES_ON_TOKEN]->(t:Token)
WHERE n.model = $model AND f.run = $run
RETURN n.id AS start, t.id AS end, f.pole AS pole, f.mean AS mean
ORDER BY start, pole, end
