// The words that the N2G graphs of a model's neurons, or of one neuron, fire on (context false) and need before (true).
// $model: model; the model
// $neuron: neuron = null; only this neuron
// columns: neuron, pole, run, context, words
// needs: ACTIVATES_ON from n2g
// example: {"model": "gemma-3-270m"}
// part of: neuronkb similar show
MATCH (n:Neuron {model: $model})-[a:ACTIVATES_ON]->(t:Term)
WHERE $neuron IS NULL OR n.id = $neuron
WITH n, a, t ORDER BY t.id
RETURN n.id AS neuron, a.pole AS pole, a.run AS run, false AS context, collect(t.id) AS words
UNION ALL
MATCH (n:Neuron {model: $model})-[c:HAS_CONTEXT]->(t:Term)
WHERE $neuron IS NULL OR n.id = $neuron
WITH n, c, t ORDER BY t.id
RETURN n.id AS neuron, c.pole AS pole, c.run AS run, true AS context, collect(t.id) AS words
