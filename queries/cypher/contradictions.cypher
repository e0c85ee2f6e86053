// Where methods contradict each other on a model: words that a row's decoded tokens and the corpus put on opposite
// sides of the hidden value, and clamps that push the decoded tokens the other way than both nulls.
// $model: model; the model
// $least: int = 1; times that a token was seen at least
// $top: int = 20; rows at most
// columns: neuron, kind, projection, pole, words, effect
// needs any: DECODES_TO, SPELLS from lm-head; Intervention, ON from clamp
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[f:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term)
WHERE f.mean > 0 AND f.n >= $least
WITH n, collect(DISTINCT w) AS fired
MATCH (n)-[:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term)
WHERE w IN fired
WITH n, collect(DISTINCT w) AS shared
MATCH (n)-[f:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term)
WHERE f.mean > 0 AND f.n >= $least AND w IN shared
WITH n, f.pole AS fires, collect(DISTINCT w) AS fired
MATCH (n)-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term)
WHERE d.projection <> 'gate' AND d.pole = -fires AND w IN fired
WITH n, d.projection AS projection, d.pole AS pole, w.id AS word ORDER BY word
RETURN n.id AS neuron, 'opposite side' AS kind, projection, pole, collect(DISTINCT word) AS words, null AS effect
ORDER BY size(words) DESC, neuron, projection, pole DESC LIMIT $top
UNION ALL
MATCH (n:Neuron {model: $model})<-[:ON]-(i:Intervention)
WHERE i.p_tokens > 0.95 AND i.p_neurons > 0.95
RETURN n.id AS neuron, 'clamp' AS kind, i.projection AS projection, i.pole AS pole, [] AS words, i.effect AS effect
ORDER BY effect, neuron, projection, pole DESC LIMIT $top
