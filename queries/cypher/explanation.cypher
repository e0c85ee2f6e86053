// Which neurons and latents one explanation is of, by its id or the beginning of it.
// $start: text; the beginning of the id
// columns: id, unit
// needs: EXPLAINED_BY from explanations
// example: {"start": "e0"}
// part of: neuronkb explanations show
MATCH (n)-[x:EXPLAINED_BY]->(e:Explanation)
WHERE e.id STARTS WITH $start
RETURN DISTINCT e.id AS id, n.id AS unit
ORDER BY id, unit
