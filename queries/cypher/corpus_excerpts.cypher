// Texts of some of a corpus's stored windows; their ids are hashes, so the first ones are a random choice.
// $corpus: its hash; $top: how many
MATCH (e:Excerpt)
WHERE e.corpus = $corpus
RETURN e.text AS text
ORDER BY e.id LIMIT $top
