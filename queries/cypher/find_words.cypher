// Neuron sides whose top tokens name several of the given words; most words first, then the sum of z-scores.
// $words: words; the words
// $least: int = 2; words at least
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, projection, pole, hits, tokens, z, run
// needs: DECODES_TO, SPELLS from lm-head
// example: {"words": ["june", "july", "may"], "least": 2}
UNWIND $words AS word
MATCH (w:Term {id: word})<-[:SPELLS]-(t:Token)<-[d:DECODES_TO]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
WITH n, d.run AS run, d.projection AS projection, d.pole AS pole, count(DISTINCT word) AS hits, sum(d.z) AS z
WHERE hits >= $least
WITH n, run, projection, pole, hits, z ORDER BY hits DESC, z DESC, n.id, projection, pole LIMIT $top
MATCH (n)-[e:DECODES_TO]->(s:Token)
WHERE e.run = run AND e.projection = projection AND e.pole = pole
WITH n, run, projection, pole, hits, z, e, s ORDER BY e.rank
WITH n, run, projection, pole, hits, z, collect(s.text) AS tokens
RETURN n.id AS neuron, projection, pole, hits, tokens, z, run
ORDER BY hits DESC, z DESC, neuron, projection, pole
