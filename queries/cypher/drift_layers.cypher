// What a fine-tune's neurons do beside their base's on the same text, by layer: mean correlation of hidden values, of
// each pole, with another neuron of the layer (the null), and neurons that fell below half.
// $base: model; the base
// $tuned: model; its fine-tune
// $run: run = null; only this link run
// columns: layer, neurons, r, r_pos, r_neg, null_r, se, below_half
// needs: COUNTERPART from link
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts"}
MATCH (a:Neuron {model: $base})-[c:COUNTERPART]->(b:Neuron {model: $tuned})
WHERE ($run IS NULL OR c.run = $run) AND c.activation_r IS NOT NULL
RETURN a.layer AS layer, count(c) AS neurons, avg(c.activation_r) AS r, avg(c.activation_r_pos) AS r_pos,
       avg(c.activation_r_neg) AS r_neg, avg(c.null_r) AS null_r, avg(c.activation_se) AS se,
       sum(CASE WHEN c.activation_r < 0.5 THEN 1 ELSE 0 END) AS below_half
ORDER BY layer
