// The neurons of one layer of a model that the store holds, by place.
// $model: model; the model
// $layer: int; 0-based layer
// columns: neuron
// needs: nothing
// example: {"model": "gemma-3-270m", "layer": 9}
MATCH (n:Neuron {model: $model, layer: $layer})
RETURN n.id AS neuron
ORDER BY n.expert, n.index
