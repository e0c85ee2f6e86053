// Neurons by a number that people put on them as a property of their own; of above and least the largest first, else the
// smallest.
// $name: text; the property
// $comparison: text of above | least | below | most | equal; how the number compares
// $value: float; with what
// $model: model = null; only neurons of this model
// $top: int = 20; rows at most
// columns: neuron, value
// needs: nothing
// example: {"name": "index", "comparison": "least", "value": 1}
// part of: neuronkb find
MATCH (n:Neuron)
WHERE $model IS NULL OR n.model = $model
WITH n.id AS neuron, toFloatOrNull(properties(n)[$name]) AS value
WHERE CASE $comparison WHEN 'above' THEN value > $value WHEN 'least' THEN value >= $value WHEN 'below' THEN value < $value
      WHEN 'most' THEN value <= $value ELSE value = $value END
RETURN neuron, value
ORDER BY CASE WHEN $comparison IN ['above', 'least'] THEN -value ELSE value END, neuron LIMIT $top
