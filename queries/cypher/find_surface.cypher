// Neurons that decode to one exact token text, such as " August" with its space; highest z-score first.
// $text: text; the token's text
// $model: model = null; only neurons of this model
// $run: run = null; only evidence of this run
// $top: int = 20; rows at most
// columns: neuron, projection, pole, token, rank, z, probability, convention, run
// needs: DECODES_TO from lm-head
// example: {"text": " June"}
MATCH (t:Token {text: $text})<-[d:DECODES_TO]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
RETURN n.id AS neuron, d.projection AS projection, d.pole AS pole, t.text AS token, d.rank AS rank, d.z AS z,
       d.probability AS probability, d.convention AS convention, d.run AS run
ORDER BY z DESC, neuron, projection, pole LIMIT $top
