// The words that a run stored for a layer's neurons: a row a word, with what is known of its side, in any order.
// $model: model; the model
// $layer: int; the layer
// $run: run; the run of neuronkb words agree
// $type: text of AGREES_ON | CONTRADICTS_ON; the same side, or opposite ones
// columns: neuron, pole, rank, word, methods, score, null, p, q
// needs any: AGREES_ON, CONTRADICTS_ON from agree
// example: {"model": "gemma-3-270m-facts", "layer": 9, "run": "agree-1", "type": "AGREES_ON"}
// part of: neuronkb words agree
MATCH (n:Neuron {model: $model, layer: $layer})-[a:AGREES_ON|CONTRADICTS_ON]->(w:Term)
WHERE a.run = $run AND type(a) = $type
RETURN n.id AS neuron, a.pole AS pole, a.rank AS rank, w.id AS word, a.methods AS methods, a.score AS score,
       a.`null` AS `null`, a.p AS p, a.q AS q
