// The names of all properties that neurons have, those that people put in among them, with how many have each.
// $model: model = null; only neurons of this model
// columns: name, neurons
// needs: nothing
// example: {}
// part of: neuronkb find
MATCH (n:Neuron)
WHERE $model IS NULL OR n.model = $model
UNWIND keys(n) AS name
RETURN name, count(*) AS neurons
ORDER BY name
