// Texts of explanations that no embedding model has embedded, or another than the one meant.
// $embedder: text; its id, such as all-MiniLM-L6-v2@53aa51172d14
// columns: explanation, kind, text, run
// needs: EXPLAINED_BY from explanations
// example: {"embedder": "all-MiniLM-L6-v2@53aa51172d14"}
// part of: neuronkb explanations import
MATCH (e:Explanation)
WHERE e.kind = 'text' AND (e.embedder IS NULL OR e.embedder <> $embedder)
RETURN e.id AS explanation, e.kind AS kind, e.text AS text, e.run AS run
ORDER BY explanation
