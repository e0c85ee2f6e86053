// The neurons of one model that the store holds.
// $model: its id
MATCH (n:Neuron {model: $model})
RETURN n.id AS neuron
ORDER BY neuron
