// Every word that the N2G graphs of one layer of one run fire on.
// $model: model; of the neurons
// $layer: int; 0-based
// $run: run; the run
// columns: start, end, pole, importance, activation
// needs: ACTIVATES_ON from n2g
// example: {"model": "gemma-3-270m", "layer": 9, "run": "n2g-1"}
// part of: neuronkb search
MATCH (n:Neuron {layer: $layer})-[a:ACTIVATES_ON]->(w:Term)
WHERE n.model = $model AND a.run = $run
RETURN n.id AS start, w.id AS end, a.pole AS pole, a.importance AS importance, a.activation AS activation
ORDER BY start, pole, end
