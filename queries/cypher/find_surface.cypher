// Neurons that decode to one exact token text, such as " August" with its space; highest z-score first.
// $text: the token's text; $model, $run: null for all; $top: how many
MATCH (t:Token {text: $text})<-[d:DECODES_TO]-(n:Neuron)
WHERE ($model IS NULL OR n.model = $model) AND ($run IS NULL OR d.run = $run)
RETURN n.id AS neuron, d.projection AS projection, d.pole AS pole, t.text AS token, d.rank AS rank, d.z AS z,
       d.probability AS probability, d.convention AS convention, d.run AS run
ORDER BY z DESC, neuron, projection, pole LIMIT $top
