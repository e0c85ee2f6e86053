// Explanations whose embeddings are nearest to a vector, by the vector index, and what they are about.
// $vector: floats; of unit length
// $embedder: text; id of the model whose embeddings count
// $top: int = 20; explanations at most
// columns: unit, layer, pole, run, explanation, text, cosine
// needs: EXPLAINED_BY from explanations
// example: {"vector": [1.0, 0.0, 0.0], "embedder": "hand"}
// part of: neuronkb search
CALL db.index.vector.queryNodes('Explanation_embedding', $top, $vector) YIELD node, score
WITH node, score WHERE node.embedder = $embedder AND node.kind = 'text'
MATCH (u)-[x:EXPLAINED_BY]->(node)
RETURN u.id AS unit, u.layer AS layer, x.pole AS pole, x.run AS run, node.id AS explanation, node.text AS text,
       2 * score - 1 AS cosine
ORDER BY cosine DESC, unit, pole DESC, run
