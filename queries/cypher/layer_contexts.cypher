// Every word of context in the N2G graphs of one layer of one run.
// $model: model; of the neurons
// $layer: int; 0-based
// $run: run; the run
// columns: start, end, pole, importance
// needs: HAS_CONTEXT from n2g
// example: {"model": "gemma-3-270m", "layer": 9, "run": "n2g-1"}
// part of: neuronkb search
MATCH (n:Neuron {layer: $layer})-[c:HAS_CONTEXT]->(w:Term)
WHERE n.model = $model AND c.run = $run
RETURN n.id AS start, w.id AS end, c.pole AS pole, c.importance AS importance
ORDER BY start, pole, end
