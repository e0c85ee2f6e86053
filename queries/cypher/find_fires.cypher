// Neurons that fire on a word over a corpus, however its tokens are written; largest mean activation first. mean and
// max are of pole x hidden value.
// $word: word; the word, in any spelling
// $least: int = 1; times the token was seen at least
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, pole, token, mean, max, n, run
// needs: FIRES_ON_TOKEN, SPELLS from activations
// example: {"word": "june"}
MATCH (w:Term {id: $word})<-[:SPELLS]-(t:Token)<-[f:FIRES_ON_TOKEN]-(n:Neuron)
WHERE f.n >= $least AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR f.run = $run)
RETURN n.id AS neuron, f.pole AS pole, t.text AS token, f.mean AS mean, f.max AS max, f.n AS n, f.run AS run
ORDER BY mean DESC, neuron, pole DESC, token, run LIMIT $top
