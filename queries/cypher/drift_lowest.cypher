// The neurons that do least of what they did in the base: lowest correlation of hidden values on the same text first.
// Only those whose correlation with another neuron is small: these stand for something of their own.
// $base: model; the base
// $tuned: model; its fine-tune
// $run: run = null; only this link run
// $chance: float = 0.3; only where the correlation with another neuron, its null, is smaller than this
// $top: int = 20; rows at most
// columns: base, tuned, r, r_pos, r_neg, null_r, se
// needs: COUNTERPART from link
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts"}
MATCH (a:Neuron {model: $base})-[c:COUNTERPART]->(b:Neuron {model: $tuned})
WHERE ($run IS NULL OR c.run = $run) AND c.activation_r IS NOT NULL AND abs(c.null_r) < $chance
RETURN a.id AS base, b.id AS tuned, c.activation_r AS r, c.activation_r_pos AS r_pos, c.activation_r_neg AS r_neg,
       c.null_r AS null_r, c.activation_se AS se
ORDER BY r, base LIMIT $top
