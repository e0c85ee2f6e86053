// Sides of neurons that independent methods name in the same words, surest first, as neuronkb words agree worked them out:
// which words, which methods, how much they share beside chance. What a clamp says is not among it.
// $model: model; the model
// $q: float = 0.05; largest q: the share of false ones among all that pass
// $top: int = 20; rows at most
// columns: neuron, pole, words, methods, score, null, p, q
// needs: AGREES_ON from agree
// example: {"model": "gemma-3-270m-facts"}
MATCH (n:Neuron {model: $model})-[a:AGREES_ON]->(w:Term)
WHERE a.q <= $q
WITH n, a, w ORDER BY a.rank
WITH n, a.pole AS pole, a.run AS run, a.methods AS methods, a.score AS score, a.`null` AS `null`, a.p AS p, a.q AS q,
     collect(w.id) AS words
RETURN n.id AS neuron, pole, words, methods, score, `null`, p, q
ORDER BY q, score DESC, neuron, pole DESC LIMIT $top
