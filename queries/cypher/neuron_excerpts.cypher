// The token windows that are examples of one neuron: band top, or the quantile band a window was drawn from.
// $neuron: neuron; the neuron
// columns: run, pole, band, activation, activations, signs, tokens, document, offset
// needs: FIRES_ON from activations
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[f:FIRES_ON]->(e:Excerpt)
RETURN f.run AS run, f.pole AS pole, f.band AS band, f.activation AS activation,
       [step IN split(f.levels, ' ') | toInteger(step) * f.unit] AS activations, f.signs AS signs,
       e.tokens AS tokens, e.document AS document, e.offset AS offset
ORDER BY run, pole DESC, band DESC, activation DESC, e.id
