// Neuron sides whose top tokens name several of the given words; most words first, then the sum of z-scores.
// $words: lower-case words; $least: words at least; $model, $run: null for all; $top: how many
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
