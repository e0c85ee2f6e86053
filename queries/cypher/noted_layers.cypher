// How many neurons findings are about, by model and layer.
// columns: model, layer, neurons
// needs: Finding, ABOUT from findings
// example: {}
// part of: neuronkb models overview
MATCH (:Finding)-[:ABOUT]->(n:Neuron)
RETURN n.model AS model, n.layer AS layer, count(DISTINCT n) AS neurons
ORDER BY model, layer
