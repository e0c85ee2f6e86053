// Chosen sentences about some neurons whose headline score is above that of another neuron's explanation.
// $neurons: neurons; the neurons
// columns: neuron, pole, text, scorer, formula, score, null_score, run
// needs: EXPLAINED_BY from explanations
// example: {"neurons": ["gemma-3-270m/L9/N188"]}
// part of: neuronkb neurons lines
UNWIND $neurons AS id
MATCH (n:Neuron {id: id})-[x:EXPLAINED_BY]->(e:Explanation)
WHERE e.kind = 'text' AND x.value > x.`null` AND (x.rank IS NULL OR x.rank = 1)
RETURN n.id AS neuron, x.pole AS pole, e.text AS text, x.scorer AS scorer, x.formula AS formula, x.value AS score,
       x.`null` AS null_score, x.run AS run
ORDER BY neuron, score DESC, pole DESC, run, e.id
