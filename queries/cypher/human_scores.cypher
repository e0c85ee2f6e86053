// What people gave the explanations of a model's neurons, beside the automatic score of the same explanation.
// $model: model; the model
// $formula: text; of the automatic score
// $split: text = null; windows that the automatic score was made on, null for one that names none
// columns: neuron, pole, explanation, text, rater, human, value, null_value, n, automatic
// needs: SCORED from explanations
// example: {"model": "gemma-3-270m", "formula": "ev-correlation", "split": "top-and-random"}
// part of: neuronkb ratings rate
MATCH (n:Neuron {model: $model})<-[:OF]-(h:Score {scorer: 'human'})<-[:SCORED]-(e:Explanation)
OPTIONAL MATCH (e)-[:SCORED]->(a:Score {formula: $formula})-[:OF]->(n)
WHERE a.pole = h.pole AND (a.split = $split OR (a.split IS NULL AND $split IS NULL))
RETURN n.id AS neuron, h.pole AS pole, e.id AS explanation, e.text AS text, h.rater AS rater, h.formula AS human,
       h.value AS value, h.`null` AS null_value, h.n AS n, max(a.value) AS automatic
ORDER BY neuron, pole DESC, explanation, rater, human
