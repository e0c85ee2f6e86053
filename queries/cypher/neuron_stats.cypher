// The numbers of one neuron: kurtosis, coherence and the like, by run, projection and pole.
// $neuron: its id
MATCH (n:Neuron {id: $neuron})-[:HAS_STATS]->(s:Stats)
RETURN s.run AS run, s.kind AS kind, s.projection AS projection, s.pole AS pole, s.kurtosis AS kurtosis,
       s.coherence AS coherence, s.distinct AS distinct, s.norm AS norm, s.std AS std, s.entropy AS entropy
ORDER BY run, kind, projection, pole DESC
