// What clamping one neuron did to the tokens it decodes to, at every value, by run, projection, pole and site.
// $neuron: neuron; the neuron
// columns: run, projection, pole, site, value, multiple, effect, kl, null_tokens_5, null_tokens_95, null_neurons_95,
// p_tokens, p_neurons, direct
// needs: Intervention, ON from clamp
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (i:Intervention)-[:ON]->(n:Neuron {id: $neuron})
RETURN i.run AS run, i.projection AS projection, i.pole AS pole, i.site AS site, i.value AS value,
       i.multiple AS multiple, i.effect AS effect, i.kl AS kl, i.null_tokens_5 AS null_tokens_5,
       i.null_tokens_95 AS null_tokens_95, i.null_neurons_95 AS null_neurons_95, i.p_tokens AS p_tokens,
       i.p_neurons AS p_neurons, i.direct AS direct
ORDER BY run, projection, pole DESC, site, multiple
