// Neurons of one layer on which two methods or more name the same word; corpus tokens and N2G graphs count as one
// method, explanations that were computed from others as none. `neuronkb agree` says what chance would give, weighs
// common words less and knows what was derived from what.
// $model: model; the model
// $layer: int; the layer
// $top: int = 20; rows at most
// columns: neuron, words, methods
// needs any: DECODES_TO, SPELLS from lm-head; FIRES_ON_TOKEN from activations; ACTIVATES_ON from n2g; DETECTS, NAMED
// from probes; EXPLAINED_BY, MENTIONS from explanations
// example: {"model": "gemma-3-270m", "layer": 9}
MATCH (n:Neuron {model: $model, layer: $layer})
CALL {
  WITH n MATCH (n)-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term) RETURN w.id AS word, 'lm-head' AS method
  UNION
  WITH n MATCH (n)-[f:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term) WHERE f.mean > 0
  RETURN w.id AS word, 'corpus' AS method
  UNION
  WITH n MATCH (n)-[:ACTIVATES_ON]->(w:Term) RETURN w.id AS word, 'corpus' AS method
  UNION
  WITH n MATCH (n)-[d:DETECTS]->(:Feature)-[:NAMED]->(w:Term) WHERE d.f1 > coalesce(d.base_f1, 0.0)
  RETURN w.id AS word, 'probes' AS method
  UNION
  WITH n MATCH (n)-[:EXPLAINED_BY]->(e:Explanation {kind: 'text'})-[:MENTIONS]->(w:Term)
  RETURN w.id AS word, 'explanations' AS method
}
WITH n, word, method ORDER BY method
WITH n, word, collect(DISTINCT method) AS methods
WHERE size(methods) > 1
WITH n, word, methods ORDER BY size(methods) DESC, word
WITH n, collect(word) AS words, collect(methods) AS methods
RETURN n.id AS neuron, words, methods
ORDER BY size(words) DESC, neuron LIMIT $top
