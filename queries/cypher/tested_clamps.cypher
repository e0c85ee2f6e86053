// The clamps of one run that were tested against both nulls: each neuron and site at the reference multiple.
// $run: run; the run of neuronkb causal ingest
// columns: neuron, layer, projection, pole, site, value, multiple, effect, direct, kl, null_tokens, null_tokens_95,
// p_tokens, null_neurons, null_neurons_95, p_neurons, size_ratio, answers, named_off, named_on, named_other
// needs: Intervention, ON from clamp
// example: {"run": "clamp-1"}
MATCH (i:Intervention {run: $run})-[:ON]->(n:Neuron)
WHERE i.p_neurons IS NOT NULL
RETURN n.id AS neuron, n.layer AS layer, i.projection AS projection, i.pole AS pole, i.site AS site, i.value AS value,
       i.multiple AS multiple, i.effect AS effect, i.direct AS direct, i.kl AS kl, i.null_tokens AS null_tokens,
       i.null_tokens_95 AS null_tokens_95, i.p_tokens AS p_tokens, i.null_neurons AS null_neurons,
       i.null_neurons_95 AS null_neurons_95, i.p_neurons AS p_neurons, i.size_ratio AS size_ratio,
       i.answers AS answers, i.named_off AS named_off, i.named_on AS named_on, i.named_other AS named_other
ORDER BY layer, neuron, projection, pole DESC, site
