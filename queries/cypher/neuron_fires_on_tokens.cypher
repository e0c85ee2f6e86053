// The tokens on which one neuron's pole x hidden value is largest on average over a corpus.
// $neuron: neuron; the neuron
// columns: run, pole, token, mean, max, n
// needs: FIRES_ON_TOKEN from activations
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[f:FIRES_ON_TOKEN]->(t:Token)
RETURN f.run AS run, f.pole AS pole, t.text AS token, f.mean AS mean, f.max AS max, f.n AS n
ORDER BY run, pole DESC, mean DESC, t.id
