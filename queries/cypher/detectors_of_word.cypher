// Which neurons of which models detect a feature that is named by a word, such as french: best F1 of each, best first.
// $word: word; a word of the feature's name
// $least: float = 0.0; least F1
// columns: model, layer, neuron, feature, f1, mcc, datasets
// needs: DETECTS, NAMED from probes
// example: {"word": "month", "least": 0.5}
MATCH (w:Term {id: $word})<-[:NAMED]-(f:Feature)<-[d:DETECTS]-(n:Neuron)
WHERE d.f1 >= $least
RETURN n.model AS model, n.layer AS layer, n.id AS neuron, f.name AS feature, max(d.f1) AS f1, max(d.mcc) AS mcc,
       collect(DISTINCT f.dataset) AS datasets
ORDER BY f1 DESC, model, neuron, feature
