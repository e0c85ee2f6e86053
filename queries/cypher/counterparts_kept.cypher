// The neurons that a fine-tune kept, or those that it changed. Kept: the cosine of every stored row reaches a threshold,
// and where the link read a text, the correlation of the hidden values reaches null + share x (1 - null). Changed: the
// others. Kept ones come highest cosine first, changed ones lowest.
// $base: model; the base
// $tuned: model; its fine-tune
// $run: run; the link run
// $changed: bool; true for those that it changed
// $cosine: float = 0.9; least cosine of a row that counts as kept
// $share: float = 0.8; share of what the correlation has above its null
// $top: int = 20; rows at most
// columns: base, tuned, cosine, r, null_r
// needs: COUNTERPART from link
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts", "run": "link-1", "changed": false}
// part of: neuronkb find
MATCH (a:Neuron {model: $base})-[c:COUNTERPART]->(b:Neuron {model: $tuned})
WHERE c.run = $run
WITH a.id AS base, b.id AS tuned, c.activation_r AS r, c.null_r AS null_r,
     reduce(least = 1.0, x IN [c.cos_gate, c.cos_up, c.cos_down] | CASE WHEN x < least THEN x ELSE least END) AS cosine,
     CASE WHEN c.null_r > 0 THEN c.null_r ELSE 0.0 END AS chance
WITH base, tuned, cosine, r, null_r, (cosine < $cosine OR coalesce(r < chance + $share * (1 - chance), false)) AS changed
WHERE changed = $changed
RETURN base, tuned, cosine, r, null_r
ORDER BY CASE WHEN $changed THEN cosine ELSE -cosine END, base LIMIT $top
