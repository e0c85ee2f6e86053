// How clear the decoded ends of a model's rows are by run, layer and projection: means over neurons and both ends of the
// excess kurtosis of the logits, and of the mean cosine of the top tokens.
// $model: model; the model
// $run: run = null; only evidence of this run
// columns: run, layer, projection, ends, kurtosis, coherence
// needs: Stats weights from lm-head
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'weights'})
WHERE $run IS NULL OR s.run = $run
RETURN s.run AS run, n.layer AS layer, s.projection AS projection, count(s) AS ends, avg(s.kurtosis) AS kurtosis,
       avg(s.coherence) AS coherence
ORDER BY run, layer, projection
