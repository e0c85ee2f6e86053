// The words that most neurons of a model decode to: what nearly every method will name for some neuron says little.
// $model: model; the model
// $run: run = null; only evidence of this run
// $projection: text of gate | up | down = null; only this row
// $top: int = 20; rows at most
// columns: word, neurons, sides, z
// needs: DECODES_TO, SPELLS from lm-head
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term)
WHERE ($run IS NULL OR d.run = $run) AND ($projection IS NULL OR d.projection = $projection)
RETURN w.id AS word, count(DISTINCT n) AS neurons, count(d) AS sides, avg(d.z) AS z
ORDER BY neurons DESC, sides DESC, word LIMIT $top
