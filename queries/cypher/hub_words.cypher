// The words that most neurons of a model decode to: what nearly every method will name for some neuron says little.
// $model: model; the model
// $run: run = null; only evidence of this run
// $projection: text of gate | up | down = null; only this row
// $top: int = 20; rows at most
// columns: word, neurons, sides, z
// needs: DECODES_TO, SPELLS from lm-head
// example: {"model": "gemma-3-270m"}
MATCH (t:Token)
WITH t, COUNT { (t)<-[:DECODES_TO]-() } AS degree
WHERE degree > 0
MATCH (t)-[:SPELLS]->(w:Term)
WITH w, sum(degree) AS most ORDER BY most DESC
WITH collect({word: w, most: most}) AS words
CALL {
  WITH words
  UNWIND words[..$top] AS one
  WITH one.word AS w
  MATCH (w)<-[:SPELLS]-(:Token)<-[d:DECODES_TO]-(n:Neuron {model: $model})
  WHERE ($run IS NULL OR d.run = $run) AND ($projection IS NULL OR d.projection = $projection)
  WITH w, count(DISTINCT n) AS neurons
  RETURN CASE WHEN count(w) < $top THEN 1 ELSE min(neurons) END AS least
}
UNWIND words AS one
WITH one, least WHERE one.most >= least
WITH one.word AS w
MATCH (w)<-[:SPELLS]-(:Token)<-[d:DECODES_TO]-(n:Neuron {model: $model})
WHERE ($run IS NULL OR d.run = $run) AND ($projection IS NULL OR d.projection = $projection)
RETURN w.id AS word, count(DISTINCT n) AS neurons, count(d) AS sides, avg(d.z) AS z
ORDER BY neurons DESC, sides DESC, word LIMIT $top
