// Neurons that fire on tokens that write given words, by how many of them, then by mean activation.
// $words: words; the words
// $model: model = null; only neurons of this model
// $top: int = 20; rows at most
// columns: neuron, run, pole, words, mean
// needs: FIRES_ON_TOKEN, SPELLS from activations
// example: {"words": ["june", "july"]}
// part of: neuronkb search
UNWIND $words AS word
MATCH (w:Term {id: word})<-[:SPELLS]-(t:Token)<-[f:FIRES_ON_TOKEN]-(n:Neuron)
WHERE $model IS NULL OR n.model = $model
WITH n.id AS neuron, f.run AS run, f.pole AS pole, collect(DISTINCT word) AS words, max(f.mean) AS mean
RETURN neuron, run, pole, words, mean
ORDER BY size(words) DESC, mean DESC, neuron, pole DESC, run LIMIT $top
