<<<<<<< HEAD
// The layers of a model that the store holds, with how many neurons.
// $model: model; the model
// columns: layer, neurons
// needs: nothing
// example: {"model": "gemma-3-270m"}
// part of: neuronkb agree
MATCH (n:Neuron {model: $model})
RETURN n.layer AS layer, count(n) AS neurons
=======
// The layers of a model of which the store holds neurons.
// $model: model; its id
// columns: layer
// needs: nothing
// example: {"model": "gemma-3-270m"}
// part of: neuronkb search
MATCH (n:Neuron)
WHERE n.model = $model
RETURN DISTINCT n.layer AS layer
>>>>>>> 9d825d5 (Search by meaning)
ORDER BY layer
