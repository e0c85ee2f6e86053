// Neurons that decode to tokens with a piece of a word in them, such as ology; most such tokens first.
// $part: word; the piece
// $projection: text of gate | up | down = null; only this row
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, projection, pole, hits, tokens, z, run
// needs: DECODES_TO, SPELLS from lm-head
// example: {"part": "ju"}
MATCH (w:Term) WHERE w.id CONTAINS $part
MATCH (w)<-[:SPELLS]-(t:Token)
WITH t
MATCH (t)<-[d:DECODES_TO]-(n:Neuron)
WHERE ($projection IS NULL OR d.projection = $projection) AND ($model IS NULL OR n.model = $model)
  AND ($run IS NULL OR d.run = $run)
WITH n, d, t ORDER BY d.rank, t.id
WITH n, d.projection AS projection, d.pole AS pole, d.run AS run, count(t) AS hits, collect(t.text) AS tokens,
     max(d.z) AS z
RETURN n.id AS neuron, projection, pole, hits, tokens, z, run
ORDER BY hits DESC, z DESC, neuron, projection, pole DESC, run LIMIT $top
