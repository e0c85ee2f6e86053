// The layers of a model that the store holds, with how many neurons.
// $model: model; the model
// columns: layer, neurons
// needs: nothing
// example: {"model": "gemma-3-270m"}
// part of: neuronkb words agree
MATCH (n:Neuron {model: $model})
RETURN n.layer AS layer, count(n) AS neurons
ORDER BY layer
