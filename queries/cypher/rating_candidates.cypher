// Sentences that explain the neurons of a model, to be rated by people: the chosen ones first.
// $model: model; the model
// $neuron: neuron = null; only this neuron
// columns: neuron, layer, number, pole, explanation, text, explainer, rank
// needs: EXPLAINED_BY from explanations
// example: {"model": "gemma-3-270m"}
// part of: neuronkb ratings rate
MATCH (n:Neuron {model: $model})-[x:EXPLAINED_BY]->(e:Explanation {kind: 'text'})
WHERE $neuron IS NULL OR n.id = $neuron
RETURN n.id AS neuron, n.layer AS layer, n.index AS number, x.pole AS pole, e.id AS explanation, e.text AS text,
       e.explainer AS explainer, x.rank AS rank
ORDER BY layer, coalesce(n.expert, -2), number, pole DESC, coalesce(rank, 1), explanation
