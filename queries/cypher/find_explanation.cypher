// Neurons by what their explanations say: full text over all of them, in the index's own language (words, "a phrase",
// OR); best headline score first.
// $text: text; words or a phrase in quotes
// $model: model = null; only neurons of this model
// $kind: text of text | graph | token_table | decoded = null; only this kind of explanation
// $top: int = 20; rows at most
// columns: neuron, pole, explanation, kind, explainer, score, null_score, scorer, run
// needs: EXPLAINED_BY from explanations
// example: {"text": "june"}
CALL db.index.fulltext.queryNodes('Explanation_text', $text) YIELD node
MATCH (n:Neuron)-[x:EXPLAINED_BY]->(node)
WHERE ($model IS NULL OR n.model = $model) AND ($kind IS NULL OR node.kind = $kind)
RETURN n.id AS neuron, x.pole AS pole, node.text AS explanation, node.kind AS kind, node.explainer AS explainer,
       x.value AS score, x.`null` AS null_score, x.scorer AS scorer, x.run AS run
ORDER BY coalesce(score, -2.0) DESC, neuron, pole, explanation, explainer, run LIMIT $top
