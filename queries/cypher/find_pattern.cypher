// Neurons whose N2G graph has a word somewhere before the word it fires on: patterns over PRECEDED_BY, with how far
// back.
// $word: word; fires on this word
// $before: word; after this one
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, pole, token, before, distance, activation, run
// needs: STARTS_AT, PRECEDED_BY, MATCHES from n2g
// example: {"word": "june", "before": "early"}
MATCH (w:Term {id: $word})<-[:MATCHES]-(s:GraphNode)<-[:STARTS_AT]-(g:Graph)<-[h:HAS_GRAPH]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR h.run = $run)
MATCH p = (s)-[:PRECEDED_BY*1..12]->(c:GraphNode)-[:MATCHES]->(b:Term {id: $before})
RETURN n.id AS neuron, h.pole AS pole, s.token AS token, c.token AS before, length(p) - 1 AS distance,
       s.activation AS activation, h.run AS run
ORDER BY activation DESC, neuron, pole DESC, distance, before, token, run LIMIT $top
