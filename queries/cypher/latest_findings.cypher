// The newest findings and the neurons they are about.
// $model: model = null; only findings about this model's neurons
// $top: int = 10; rows at most
// columns: id, text, author, created, model, evidence, about
// needs: Finding, ABOUT from findings
// example: {}
MATCH (f:Finding)
WHERE $model IS NULL OR f.model = $model
WITH f ORDER BY coalesce(f.created, '') DESC, f.id LIMIT $top
OPTIONAL MATCH (f)-[:ABOUT]->(n:Neuron)
WITH f, n ORDER BY n.layer, coalesce(n.expert, -2), n.index
RETURN f.id AS id, f.text AS text, f.author AS author, f.created AS created, f.model AS model,
       f.evidence AS evidence, collect(n.id) AS about
ORDER BY coalesce(created, '') DESC, id
