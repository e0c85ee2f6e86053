// The explanations of one run with their embeddings and the models that made these.
// $run: run; the run
// columns: id, kind, text, embedding, embedder
// needs: EXPLAINED_BY from explanations
// example: {"run": "explain-1"}
// part of: neuronkb search
MATCH (e:Explanation)
WHERE e.run = $run
RETURN e.id AS id, e.kind AS kind, e.text AS text, e.embedding AS embedding, e.embedder AS embedder
ORDER BY id
