// Neurons whose N2G graph fires on one word and needs another as context; strongest first, then by the context.
// $word: word; fires on this word
// $context: word; after this word
// $text: text = null; only where the graph has exactly this token text
// $context_text: text = null; only where the graph has exactly this token text as context
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, pole, tokens, activation, context, importance, run
// needs: ACTIVATES_ON, HAS_CONTEXT from n2g
// example: {"word": "june", "context": "early"}
MATCH (w:Term {id: $word})<-[a:ACTIVATES_ON]-(n:Neuron)-[b:HAS_CONTEXT]->(c:Term {id: $context})
WHERE a.run = b.run AND a.pole = b.pole
  AND ($model IS NULL OR n.model = $model) AND ($run IS NULL OR a.run = $run)
  AND ($text IS NULL OR $text IN a.tokens) AND ($context_text IS NULL OR $context_text IN b.tokens)
RETURN n.id AS neuron, a.pole AS pole, a.tokens AS tokens, a.activation AS activation, b.tokens AS context,
       b.importance AS importance, a.run AS run
ORDER BY activation DESC, importance DESC, neuron, pole, run LIMIT $top
