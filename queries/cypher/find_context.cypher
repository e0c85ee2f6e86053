// Neurons whose N2G graph needs a word as context; most important first.
// $word: in lower case without spaces; $text: exactly this token text, or null; $model, $run: null for all; $top
MATCH (w:Term {id: $word})<-[a:HAS_CONTEXT]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR a.run = $run) AND ($text IS NULL OR $text IN a.tokens)
RETURN n.id AS neuron, a.pole AS pole, a.tokens AS tokens, a.importance AS importance, a.run AS run
ORDER BY importance DESC, neuron, pole, run LIMIT $top
