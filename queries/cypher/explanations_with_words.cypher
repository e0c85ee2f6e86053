// Explanations that hold any of some words, by the full-text index, and what they are about.
// $words: text; words with blanks between them
// $top: int = 20; explanations at most
// columns: unit, pole, run, text, score
// needs: EXPLAINED_BY from explanations
// example: {"words": "months"}
// part of: neuronkb search
CALL db.index.fulltext.queryNodes('Explanation_text', $words) YIELD node, score
WITH node, score ORDER BY score DESC, node.id LIMIT $top
MATCH (u)-[x:EXPLAINED_BY]->(node)
RETURN u.id AS unit, x.pole AS pole, x.run AS run, node.text AS text, score
ORDER BY score DESC, unit, pole DESC, run
