// What became of findings in fine-tunes, by every run of it: where each went, the verdict, and the numbers behind it.
// $finding: text = null; only the one of this id
// $base: model = null; only findings about this model's neurons
// $tuned: model = null; only what became of them in this fine-tune
// $run: run = null; only by this run
// columns: finding, text, source, model, neuron, verdict, reason, cos_gate, cos_up, cos_down, jaccard, graph_f1,
// probe_f1, explanation_score, clamp_effect, measures, run, created, parameters
// needs: CARRIED_TO from carry
// example: {"base": "gemma-3-270m", "tuned": "gemma-3-270m-facts"}
MATCH (f:Finding)-[c:CARRIED_TO]->(n:Neuron)
WHERE ($finding IS NULL OR f.id = $finding) AND ($base IS NULL OR f.model = $base)
  AND ($tuned IS NULL OR n.model = $tuned) AND ($run IS NULL OR c.run = $run)
OPTIONAL MATCH (r:Run {id: c.run})
RETURN f.id AS finding, f.text AS text, c.source AS source, n.model AS model, n.id AS neuron, c.verdict AS verdict,
       c.reason AS reason, c.cos_gate AS cos_gate, c.cos_up AS cos_up, c.cos_down AS cos_down, c.jaccard AS jaccard,
       c.graph_f1 AS graph_f1, c.probe_f1 AS probe_f1, c.explanation_score AS explanation_score,
       c.clamp_effect AS clamp_effect, c.measures AS measures, c.run AS run, r.started AS created,
       r.parameters AS parameters
ORDER BY finding, source, model, created, run
