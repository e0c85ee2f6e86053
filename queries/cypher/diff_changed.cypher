// Counterparts that changed most: the neurons of which a fine-tune turned a row furthest, lowest cosine first, with
// the overlap of their top tokens.
// $base: model; the base
// $tuned: model; its fine-tune
// $run: run = null; only this link run
// $top: int = 20; rows at most
// columns: base, tuned, projection, cosine, jaccard_pos, jaccard_neg
// needs: COUNTERPART from link
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts"}
MATCH (a:Neuron {model: $base})-[c:COUNTERPART]->(b:Neuron {model: $tuned})
WHERE $run IS NULL OR c.run = $run
WITH a, b, c, ['gate', 'up', 'down'] AS names, [c.cos_gate, c.cos_up, c.cos_down] AS cosines,
     [c.jaccard_gate_pos, c.jaccard_up_pos, c.jaccard_down_pos] AS positive,
     [c.jaccard_gate_neg, c.jaccard_up_neg, c.jaccard_down_neg] AS negative,
     [c.delta_gate, c.delta_up, c.delta_down] AS deltas
UNWIND [0, 1, 2] AS i
WITH a, b, names[i] AS projection, cosines[i] AS cosine, positive[i] AS jaccard_pos, negative[i] AS jaccard_neg,
     deltas[i] AS delta
WHERE cosine IS NOT NULL AND (cosine < 1 OR delta > 0)
RETURN a.id AS base, b.id AS tuned, projection, cosine, jaccard_pos, jaccard_neg
ORDER BY cosine, base, projection LIMIT $top
