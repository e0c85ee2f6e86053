// Neurons whose N2G graph fires on a word; strongest first.
// $word: in lower case without spaces; $text: exactly this token text, or null; $model, $run: null for all; $top
MATCH (w:Term {id: $word})<-[a:ACTIVATES_ON]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR a.run = $run) AND ($text IS NULL OR $text IN a.tokens)
RETURN n.id AS neuron, a.pole AS pole, a.tokens AS tokens, a.activation AS activation, a.importance AS importance,
       a.run AS run
ORDER BY activation DESC, importance DESC, neuron, pole, run LIMIT $top
