// Neurons that decode to a word, however its tokens are written (" dog", "Dog"); highest z-score first.
// $term: word; the word, in any spelling
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, projection, pole, token, rank, z, probability, convention, run
// needs: DECODES_TO, SPELLS from lm-head
// example: {"term": "june"}
MATCH (w:Term {id: $term})<-[:SPELLS]-(t:Token)<-[d:DECODES_TO]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
RETURN n.id AS neuron, d.projection AS projection, d.pole AS pole, t.text AS token, d.rank AS rank, d.z AS z,
       d.probability AS probability, d.convention AS convention, d.run AS run
ORDER BY z DESC, neuron, projection, pole, token LIMIT $top
