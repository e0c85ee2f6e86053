// The tokens one neuron decodes to: every run, projection and pole, strongest first.
// $neuron: neuron; the neuron
// columns: run, convention, projection, pole, rank, token, z, logit, probability
// needs: DECODES_TO from lm-head
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[d:DECODES_TO]->(t:Token)
RETURN d.run AS run, d.convention AS convention, d.projection AS projection, d.pole AS pole, d.rank AS rank,
       t.text AS token, d.z AS z, d.logit AS logit, d.probability AS probability
ORDER BY run, projection, pole DESC, rank
