// Every word that any method names for one neuron, with the methods that name it: decoded tokens, corpus tokens, N2G
// graphs, probes, explanations.
// $neuron: neuron; the neuron
// columns: word, methods
// needs any: DECODES_TO, SPELLS from lm-head; FIRES_ON_TOKEN from activations; ACTIVATES_ON from n2g; DETECTS, NAMED
// from probes; EXPLAINED_BY, MENTIONS from explanations
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})
CALL {
  WITH n MATCH (n)-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term) RETURN w.id AS word, 'lm-head ' + d.projection AS method
  UNION
  WITH n MATCH (n)-[:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term) RETURN w.id AS word, 'tokens' AS method
  UNION
  WITH n MATCH (n)-[:ACTIVATES_ON]->(w:Term) RETURN w.id AS word, 'n2g' AS method
  UNION
  WITH n MATCH (n)-[:HAS_CONTEXT]->(w:Term) RETURN w.id AS word, 'n2g context' AS method
  UNION
  WITH n MATCH (n)-[:DETECTS]->(:Feature)-[:NAMED]->(w:Term) RETURN w.id AS word, 'probes' AS method
  UNION
  WITH n MATCH (n)-[:EXPLAINED_BY]->(e:Explanation)-[:MENTIONS]->(w:Term)
  RETURN w.id AS word, 'explanation ' + e.kind AS method
}
WITH word, method ORDER BY method
WITH word, collect(DISTINCT method) AS methods
RETURN word, methods
ORDER BY size(methods) DESC, word
