// Neurons whose N2G graph fires on one word and needs another as context; strongest first, then by the context.
// $word, $context: in lower case without spaces; $text, $context_text: exactly these token texts, or null;
// $model, $run: null for all; $top
MATCH (w:Term {id: $word})<-[a:ACTIVATES_ON]-(n:Neuron)-[b:HAS_CONTEXT]->(c:Term {id: $context})
WHERE a.run = b.run AND a.pole = b.pole
  AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR a.run = $run)
  AND ($text IS NULL OR $text IN a.tokens) AND ($context_text IS NULL OR $context_text IN b.tokens)
RETURN n.id AS neuron, a.pole AS pole, a.tokens AS tokens, a.activation AS activation, b.tokens AS context,
       b.importance AS importance, a.run AS run
ORDER BY activation DESC, importance DESC, neuron, pole, run LIMIT $top
