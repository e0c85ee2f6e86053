// What one neuron did on the corpora it was run over, by run and pole: numbers of pole x hidden value, by role too where
// roles were asked for, and the run's summary, which names quantiles and histogram edges.
// $neuron: neuron; the neuron
// columns: run, pole, n, routed, mean, std, skewness, kurtosis, min, max, nonzero, quantiles, histogram, roles,
//          role_n, role_mean, role_nonzero, role_max, summary
// needs: Stats activations from activations
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
MATCH (r:Run {id: s.run})
RETURN s.run AS run, s.pole AS pole, s.n AS n, s.routed AS routed, s.mean AS mean, s.std AS std, s.skewness AS skewness,
       s.kurtosis AS kurtosis, s.min AS min, s.max AS max, s.nonzero AS nonzero, s.quantiles AS quantiles,
       s.histogram AS histogram, s.roles AS roles, s.role_n AS role_n, s.role_mean AS role_mean,
       s.role_nonzero AS role_nonzero, s.role_max AS role_max, r.summary AS summary
ORDER BY r.started, run, pole DESC
