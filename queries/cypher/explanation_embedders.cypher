// How many explanations in words each embedding model has embedded; null: not embedded.
// columns: embedder, dimensions, explanations
// needs: EXPLAINED_BY from explanations
// example: {}
// part of: neuronkb search
MATCH (e:Explanation)
WHERE e.kind = 'text'
RETURN e.embedder AS embedder, size(e.embedding) AS dimensions, count(e) AS explanations
ORDER BY explanations DESC, embedder, dimensions
