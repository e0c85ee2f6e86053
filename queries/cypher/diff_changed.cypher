// The neurons a fine-tune changed most: lowest cosine of any row, with the overlap of their top tokens.
// $base, $tuned: model ids; $run: the link run; $top: how many
MATCH (a:Neuron {model: $base})-[c:COUNTERPART]->(b:Neuron {model: $tuned})
WHERE c.run = $run
WITH a, b, c, ['gate', 'up', 'down'] AS names, [c.cos_gate, c.cos_up, c.cos_down] AS cosines,
     [c.jaccard_gate_pos, c.jaccard_up_pos, c.jaccard_down_pos] AS positive,
     [c.jaccard_gate_neg, c.jaccard_up_neg, c.jaccard_down_neg] AS negative
UNWIND [0, 1, 2] AS i
WITH a, b, names[i] AS projection, cosines[i] AS cosine, positive[i] AS jaccard_pos, negative[i] AS jaccard_neg
WHERE cosine IS NOT NULL AND cosine < 1
RETURN a.id AS base, b.id AS tuned, projection, cosine, jaccard_pos, jaccard_neg
ORDER BY cosine, base, projection LIMIT $top
