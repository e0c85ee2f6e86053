// Neurons whose N2G graph needs a word as context; most important first.
// $word: word; the word, in any spelling
// $text: text = null; only where the graph has exactly this token text
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, pole, tokens, importance, run
// needs: HAS_CONTEXT from n2g
// example: {"word": "early"}
MATCH (w:Term {id: $word})<-[a:HAS_CONTEXT]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR a.run = $run) AND ($text IS NULL OR $text IN a.tokens)
RETURN n.id AS neuron, a.pole AS pole, a.tokens AS tokens, a.importance AS importance, a.run AS run
ORDER BY importance DESC, neuron, pole, run LIMIT $top
