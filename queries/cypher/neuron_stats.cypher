// The numbers of one neuron: kurtosis, coherence and the like, by run, projection and pole.
// $neuron: neuron; the neuron
// columns: run, kind, projection, pole, kurtosis, coherence, distinct, norm, std, entropy
// needs: Stats weights from lm-head
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[:HAS_STATS]->(s:Stats)
RETURN s.run AS run, s.kind AS kind, s.projection AS projection, s.pole AS pole, s.kurtosis AS kurtosis,
       s.coherence AS coherence, s.distinct AS distinct, s.norm AS norm, s.std AS std, s.entropy AS entropy
ORDER BY run, kind, projection, pole DESC
