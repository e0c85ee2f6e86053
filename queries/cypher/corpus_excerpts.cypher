// Texts of some of a corpus's stored windows; their ids are hashes, so the first ones are a random choice.
// $corpus: text; hash of the corpus
// $top: int = 20; rows at most
// columns: text
// needs: FIRES_ON from activations
// example: {"corpus": "c0"}
// part of: neuronkb causal ingest
MATCH (e:Excerpt)
WHERE e.corpus = $corpus
RETURN e.text AS text
ORDER BY e.id LIMIT $top
