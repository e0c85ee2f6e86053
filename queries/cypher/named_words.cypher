// What methods say of one layer's neurons in words: by neuron, method, row and pole the words, of given runs, in any
// order; a word may come twice. Poles are +1 or -1, 0 where a probe does not say which; explanations that were computed
// from other evidence are left out.
// $model: model; the model
// $layer: int; the layer
// $runs: texts; ids of the runs to listen to
// $share: float = 0.5; a probe counts from this share of the way from always guessing yes to F1 1, if it also beats the
//   best random direction
// columns: index, method, part, pole, run, words
// needs any: DECODES_TO, SPELLS from lm-head; FIRES_ON_TOKEN from activations; ACTIVATES_ON from n2g; DETECTS, NAMED
//   from probes; EXPLAINED_BY, MENTIONS from explanations
// example: {"model": "gemma-3-270m", "layer": 9, "runs": ["lm-head-1", "activations-1", "n2g-1", "probes-1"]}
// part of: neuronkb words agree
MATCH (n:Neuron {model: $model, layer: $layer})-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term)
WHERE d.run IN $runs
RETURN n.index AS index, 'lm-head' AS method, d.projection AS part, d.pole AS pole, d.run AS run, collect(w.id) AS words
UNION ALL
MATCH (n:Neuron {model: $model, layer: $layer})-[f:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term)
WHERE f.run IN $runs AND f.mean > 0
RETURN n.index AS index, 'tokens' AS method, '' AS part, f.pole AS pole, f.run AS run, collect(w.id) AS words
UNION ALL
MATCH (n:Neuron {model: $model, layer: $layer})-[a:ACTIVATES_ON]->(w:Term)
WHERE a.run IN $runs
RETURN n.index AS index, 'n2g' AS method, '' AS part, a.pole AS pole, a.run AS run, collect(w.id) AS words
UNION ALL
MATCH (n:Neuron {model: $model, layer: $layer})-[c:HAS_CONTEXT]->(w:Term)
WHERE c.run IN $runs
RETURN n.index AS index, 'n2g' AS method, '' AS part, c.pole AS pole, c.run AS run, collect(w.id) AS words
UNION ALL
MATCH (n:Neuron {model: $model, layer: $layer})-[d:DETECTS]->(:Feature)-[:NAMED]->(w:Term)
WHERE d.run IN $runs AND d.f1 - coalesce(d.base_f1, 0.0) >= $share * (1.0 - coalesce(d.base_f1, 0.0))
  AND d.f1 > coalesce(d.`null`, 0.0)
RETURN n.index AS index, 'probes' AS method, '' AS part,
       CASE WHEN d.coef IS NULL THEN 0 WHEN d.coef < 0 THEN -1 ELSE 1 END AS pole, d.run AS run, collect(w.id) AS words
UNION ALL
MATCH (n:Neuron {model: $model, layer: $layer})-[x:EXPLAINED_BY]->(e:Explanation {kind: 'text'})-[:MENTIONS]->(w:Term)
WHERE x.run IN $runs
RETURN n.index AS index, 'explanations' AS method, '' AS part, x.pole AS pole, x.run AS run, collect(w.id) AS words
