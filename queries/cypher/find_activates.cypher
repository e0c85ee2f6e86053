// Neurons whose N2G graph fires on a word; strongest first.
// $word: word; the word, in any spelling
// $text: text = null; only where the graph has exactly this token text
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, pole, tokens, activation, importance, run
// needs: ACTIVATES_ON from n2g
// example: {"word": "june"}
MATCH (w:Term {id: $word})<-[a:ACTIVATES_ON]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR a.run = $run) AND ($text IS NULL OR $text IN a.tokens)
RETURN n.id AS neuron, a.pole AS pole, a.tokens AS tokens, a.activation AS activation, a.importance AS importance,
       a.run AS run
ORDER BY activation DESC, importance DESC, neuron, pole, run LIMIT $top
