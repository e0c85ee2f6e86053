// The strongest windows of one neuron with the signs of gate and up where it peaks: P and p where the gate is above 0, N
// and n where not, a capital where up is above 0. Two combinations of one pole may do different things.
// $neuron: neuron; the neuron
// columns: run, pole, signs, activation, token, text
// needs: FIRES_ON from activations
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[f:FIRES_ON {band: 'top'}]->(e:Excerpt)
WHERE f.signs IS NOT NULL
WITH f, e, [step IN split(f.levels, ' ') | toInteger(step)] AS steps
WITH f, e, [i IN range(0, size(steps) - 1) WHERE all(step IN steps WHERE step <= steps[i])][0] AS peak
RETURN f.run AS run, f.pole AS pole, substring(f.signs, peak, 1) AS signs, f.activation AS activation,
       e.tokens[peak] AS token, e.text AS text
ORDER BY run, pole DESC, signs, activation DESC, e.id
