// Neurons whose N2G graphs fire on given words, by how many of them, then by activation.
// $words: words; the words
// $model: model = null; only neurons of this model
// $top: int = 20; rows at most
// columns: neuron, run, pole, words, activation
// needs: ACTIVATES_ON from n2g
// example: {"words": ["june", "july"]}
// part of: neuronkb search
UNWIND $words AS word
MATCH (w:Term {id: word})<-[a:ACTIVATES_ON]-(n:Neuron)
WHERE $model IS NULL OR n.model = $model
WITH n.id AS neuron, a.run AS run, a.pole AS pole, collect(DISTINCT word) AS words,
     max(coalesce(a.activation, 0.0)) AS activation
RETURN neuron, run, pole, words, activation
ORDER BY size(words) DESC, activation DESC, neuron, pole DESC, run LIMIT $top
