// The neurons of some layers, by model and place.
// $layers: ints; 0-based layers
// $model: model = null; only neurons of this model
// $top: int = 20; rows at most
// columns: neuron
// needs: nothing
// example: {"layers": [0, 9], "model": "gemma-3-270m"}
// part of: neuronkb find
MATCH (n:Neuron)
WHERE n.layer IN $layers AND ($model IS NULL OR n.model = $model)
RETURN n.id AS neuron
ORDER BY n.model, n.layer, n.expert, n.index LIMIT $top
