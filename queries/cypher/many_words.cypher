// Polysemantic candidates by their graphs: neurons whose N2G graph fires on many different words; most words first.
// $model: model; the model
// $run: run = null; only evidence of this run
// $strong: float = 0.5; only words that reach this share of the neuron's maximum
// $least: int = 5; words at least
// $top: int = 20; rows at most
// columns: neuron, pole, words, examples, run
// needs: ACTIVATES_ON from n2g
// example: {"model": "gemma-3-270m", "least": 2}
MATCH (n:Neuron {model: $model})-[a:ACTIVATES_ON]->(w:Term)
WHERE a.activation >= $strong AND ($run IS NULL OR a.run = $run)
WITH n, a.pole AS pole, a.run AS run, w.id AS word, max(a.activation) AS activation
ORDER BY activation DESC, word
WITH n, pole, run, collect(word) AS words
WHERE size(words) >= $least
RETURN n.id AS neuron, pole, size(words) AS words, words[..10] AS examples, run
ORDER BY words DESC, neuron, pole DESC, run LIMIT $top
