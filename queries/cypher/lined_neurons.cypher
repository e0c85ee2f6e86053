// Neurons of a model with a line above its null: what people say first, then by score.
// $model: model; the model
// $top: int = 20; neurons at most
// columns: neuron, line, source, score, null_score
// needs: nothing
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})
WHERE n.line_source IS NOT NULL AND n.line_source <> 'nothing'
RETURN n.id AS neuron, n.line AS line, n.line_source AS source, n.line_score AS score, n.line_null AS null_score
ORDER BY CASE WHEN n.line_source IN ['person', 'finding'] THEN 0 ELSE 1 END, score DESC, neuron
LIMIT $top
