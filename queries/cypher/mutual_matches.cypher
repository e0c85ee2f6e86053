// Neurons of two models that are each other's nearest by one measure, largest excess over the control first.
// $model: model; one model
// $other: model; the other
// $by: text of weights | vocabulary | tokens | activation = "weights"; the measure
// $top: int = 20; rows at most
// columns: neuron, other, score, control, excess, run
// needs: SIMILAR from match
// example: {"model": "gemma-3-270m", "other": "gemma-3-270m-facts"}
MATCH (a:Neuron {model: $model})-[s:SIMILAR]->(b:Neuron {model: $other})
WHERE s.measure = $by AND s.rank = 1
MATCH (b)-[t:SIMILAR]->(a)
WHERE t.measure = $by AND t.rank = 1 AND t.run = s.run
RETURN a.id AS neuron, b.id AS other, s.score AS score, s.`null` AS control,
       s.score - coalesce(s.`null`, 0.0) AS excess, s.run AS run
ORDER BY excess DESC, neuron, run LIMIT $top
