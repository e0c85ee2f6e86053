// How much of a base survives in a fine-tune, by layer: neurons, mean cosines, and neurons that keep their top token
// (own unembedding; through the base's unembedding), by pole; null: of the changed neurons drawn for it, the share
// that keeps it under noise of the same size.
// $base: model; the base
// $tuned: model; its fine-tune
// $run: run = null; only this link run
// columns: layer, neurons, cos_gate, cos_up, cos_down, changed_gate, changed_up, changed_down, same_gate_pos,
// same_gate_neg, same_up_pos, same_up_neg, same_down_pos, same_down_neg, rows_gate_pos, rows_gate_neg, rows_up_pos,
// rows_up_neg, rows_down_pos, rows_down_neg, null_gate_pos, null_gate_neg, null_up_pos, null_up_neg, null_down_pos,
// null_down_neg, jaccard_gate_pos, jaccard_gate_neg, jaccard_up_pos, jaccard_up_neg, jaccard_down_pos,
// jaccard_down_neg
// needs: COUNTERPART from link
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts"}
MATCH (a:Neuron {model: $base})-[c:COUNTERPART]->(b:Neuron {model: $tuned})
WHERE $run IS NULL OR c.run = $run
RETURN a.layer AS layer, count(c) AS neurons,
       avg(c.cos_gate) AS cos_gate, avg(c.cos_up) AS cos_up, avg(c.cos_down) AS cos_down,
       sum(CASE WHEN c.delta_gate > 0 THEN 1 ELSE 0 END) AS changed_gate,
       sum(CASE WHEN c.delta_up > 0 THEN 1 ELSE 0 END) AS changed_up,
       sum(CASE WHEN c.delta_down > 0 THEN 1 ELSE 0 END) AS changed_down,
       sum(CASE WHEN c.same_top_gate_pos THEN 1 ELSE 0 END) AS same_gate_pos,
       sum(CASE WHEN c.same_top_gate_neg THEN 1 ELSE 0 END) AS same_gate_neg,
       sum(CASE WHEN c.same_top_up_pos THEN 1 ELSE 0 END) AS same_up_pos,
       sum(CASE WHEN c.same_top_up_neg THEN 1 ELSE 0 END) AS same_up_neg,
       sum(CASE WHEN c.same_top_down_pos THEN 1 ELSE 0 END) AS same_down_pos,
       sum(CASE WHEN c.same_top_down_neg THEN 1 ELSE 0 END) AS same_down_neg,
       sum(CASE WHEN c.same_top_rows_gate_pos THEN 1 ELSE 0 END) AS rows_gate_pos,
       sum(CASE WHEN c.same_top_rows_gate_neg THEN 1 ELSE 0 END) AS rows_gate_neg,
       sum(CASE WHEN c.same_top_rows_up_pos THEN 1 ELSE 0 END) AS rows_up_pos,
       sum(CASE WHEN c.same_top_rows_up_neg THEN 1 ELSE 0 END) AS rows_up_neg,
       sum(CASE WHEN c.same_top_rows_down_pos THEN 1 ELSE 0 END) AS rows_down_pos,
       sum(CASE WHEN c.same_top_rows_down_neg THEN 1 ELSE 0 END) AS rows_down_neg,
       avg(CASE WHEN c.delta_gate > 0 THEN CASE c.same_top_null_gate_pos WHEN true THEN 1.0 WHEN false THEN 0.0 END END)
         AS null_gate_pos,
       avg(CASE WHEN c.delta_gate > 0 THEN CASE c.same_top_null_gate_neg WHEN true THEN 1.0 WHEN false THEN 0.0 END END)
         AS null_gate_neg,
       avg(CASE WHEN c.delta_up > 0 THEN CASE c.same_top_null_up_pos WHEN true THEN 1.0 WHEN false THEN 0.0 END END)
         AS null_up_pos,
       avg(CASE WHEN c.delta_up > 0 THEN CASE c.same_top_null_up_neg WHEN true THEN 1.0 WHEN false THEN 0.0 END END)
         AS null_up_neg,
       avg(CASE WHEN c.delta_down > 0 THEN CASE c.same_top_null_down_pos WHEN true THEN 1.0 WHEN false THEN 0.0 END END)
         AS null_down_pos,
       avg(CASE WHEN c.delta_down > 0 THEN CASE c.same_top_null_down_neg WHEN true THEN 1.0 WHEN false THEN 0.0 END END)
         AS null_down_neg,
       avg(c.jaccard_gate_pos) AS jaccard_gate_pos, avg(c.jaccard_gate_neg) AS jaccard_gate_neg,
       avg(c.jaccard_up_pos) AS jaccard_up_pos, avg(c.jaccard_up_neg) AS jaccard_up_neg,
       avg(c.jaccard_down_pos) AS jaccard_down_pos, avg(c.jaccard_down_neg) AS jaccard_down_neg
ORDER BY layer
