// Findings and the neurons they are about, oldest first.
// $model: model = null; only findings about this model's neurons
// $finding: text = null; only the one of this id
// columns: id, text, author, created, model, evidence, about
// needs: Finding, ABOUT from findings
// example: {"model": "gemma-3-270m"}
MATCH (f:Finding)
WHERE ($model IS NULL OR f.model = $model) AND ($finding IS NULL OR f.id = $finding)
OPTIONAL MATCH (f)-[:ABOUT]->(n:Neuron)
WITH f, n ORDER BY n.layer, coalesce(n.expert, -2), n.index
RETURN f.id AS id, f.text AS text, f.author AS author, f.created AS created, f.model AS model,
       f.evidence AS evidence, collect(n.id) AS about
ORDER BY created, id
