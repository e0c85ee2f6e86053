// Neurons of one layer on which two methods or more name the same word; corpus tokens and N2G graphs count as one
// method, explanations that were computed from others as none. `neuronkb words agree` says what chance would give, weighs
// common words less and knows what was derived from what.
// $model: model; the model
// $layer: int; the layer
// $top: int = 20; rows at most
// columns: neuron, words, methods
// needs any: DECODES_TO, SPELLS from lm-head; FIRES_ON_TOKEN from activations; ACTIVATES_ON from n2g; DETECTS, NAMED
// from probes; EXPLAINED_BY, MENTIONS from explanations
// example: {"model": "gemma-3-270m", "layer": 9}
MATCH (n:Neuron {model: $model, layer: $layer})
OPTIONAL MATCH (n)-[f:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term) WHERE f.mean > 0
WITH n, collect(DISTINCT w) AS tokens
OPTIONAL MATCH (n)-[:ACTIVATES_ON]->(w:Term)
WITH n, tokens, collect(DISTINCT w) AS graphs
OPTIONAL MATCH (n)-[d:DETECTS]->(:Feature)-[:NAMED]->(w:Term) WHERE d.f1 > coalesce(d.base_f1, 0.0)
WITH n, tokens, graphs, collect(DISTINCT w) AS probes
OPTIONAL MATCH (n)-[:EXPLAINED_BY]->(:Explanation {kind: 'text'})-[:MENTIONS]->(w:Term)
WITH n, tokens + graphs AS corpus, probes, collect(DISTINCT w) AS explained
WITH n, corpus, probes, explained, corpus + probes + explained AS named
WHERE size(named) > 0
OPTIONAL MATCH (n)-[:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term) WHERE w IN named
WITH n, corpus, probes, explained, named, collect(DISTINCT w) AS decoded
UNWIND named AS w
WITH DISTINCT n, w.id AS word, [x IN [['corpus', w IN corpus], ['explanations', w IN explained],
     ['lm-head', w IN decoded], ['probes', w IN probes]] WHERE x[1] | x[0]] AS methods
WHERE size(methods) > 1
WITH n, word, methods ORDER BY size(methods) DESC, word
WITH n, collect(word) AS words, collect(methods) AS methods
RETURN n.id AS neuron, words, methods
ORDER BY size(words) DESC, neuron LIMIT $top
