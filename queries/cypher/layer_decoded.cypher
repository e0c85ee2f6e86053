// Every decoded token of one layer of one run, with its z-score.
// $model: model; of the neurons
// $layer: int; 0-based
// $run: run; the run
// columns: start, end, projection, pole, z
// needs: DECODES_TO from lm-head
// example: {"model": "gemma-3-270m", "layer": 9, "run": "lm-head-1"}
// part of: neuronkb search
MATCH (n:Neuron {layer: $layer})-[d:DECODES_TO]->(t:Token)
WHERE n.model = $model AND d.run = $run
RETURN n.id AS start, t.id AS end, d.projection AS projection, d.pole AS pole, d.z AS z
ORDER BY start, projection, pole, d.rank
