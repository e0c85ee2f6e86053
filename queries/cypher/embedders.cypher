// Which embedding models made the embeddings of explanations, and of how many.
// columns: embedder, explanations
// needs: EXPLAINED_BY from explanations
// example: {}
MATCH (e:Explanation)
WHERE e.embedder IS NOT NULL
RETURN e.embedder AS embedder, count(*) AS explanations
ORDER BY embedder
