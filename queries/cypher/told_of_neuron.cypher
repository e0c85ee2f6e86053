// What one-neuron probes of one neuron found, with the counts behind each score; the same feature in another run is
// another row.
// $neuron: neuron; the neuron
// columns: feature, name, method, run, f1, precision, recall, n, positives, base_f1, rotated
// needs: DETECTS from probes
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[d:DETECTS]->(f:Feature)
RETURN f.id AS feature, f.name AS name, d.method AS method, d.run AS run, d.f1 AS f1, d.precision AS precision,
       d.recall AS recall, d.n AS n, d.positives AS positives, d.base_f1 AS base_f1, d.`null` AS rotated
ORDER BY coalesce(f1, -1.0) DESC, feature, method, run
