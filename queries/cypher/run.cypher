// One run: its model's tokenizer, what it reports about itself and its parameters.
// $run: run; the run
// columns: run, job, model, tokenizer, summary, parameters
// needs: nothing
// example: {"run": "lm-head-1"}
MATCH (r:Run {id: $run})
OPTIONAL MATCH (m:Model {id: r.model})
RETURN r.id AS run, r.job AS job, r.model AS model, m.tokenizer AS tokenizer, r.summary AS summary,
       r.parameters AS parameters
