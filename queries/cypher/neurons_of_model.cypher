// The neurons of one model that the store holds.
// $model: model; the model
// columns: neuron
// needs: nothing
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})
RETURN n.id AS neuron
ORDER BY neuron
