// The neurons most like one neuron, by measure, nearest first; control is what shuffled rows, random directions of the
// activations, or graphs of words dealt out anew reach at best.
// $neuron: neuron; the neuron
// $by: text of weights | vocabulary | tokens | activation | explanation | deepdecipher | n2g_overlap | n2g_subset | graph_paths = null; only this measure
// $model: model = null; only neurons of this model
// $top: int = 10; neighbours of each run at most
// columns: measure, neuron, model, score, rank, control, jaccard, run
// needs: SIMILAR from match
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[s:SIMILAR]->(o:Neuron)
WHERE ($by IS NULL OR s.measure = $by) AND ($model IS NULL OR o.model = $model) AND s.rank <= $top
RETURN s.measure AS measure, o.id AS neuron, o.model AS model, s.score AS score, s.rank AS rank, s.`null` AS control,
       s.jaccard AS jaccard, s.run AS run
ORDER BY measure, model, run, rank
