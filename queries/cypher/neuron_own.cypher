// What people put in themselves about one neuron: relationships of types that the schema does not have, with what is at
// their other end.
// $neuron: neuron; the neuron
// $known: texts; types of the schema
// columns: type, out, properties, labels, other
// needs: nothing
// example: {"neuron": "gemma-3-270m/L9/N188", "known": ["DECODES_TO"]}
// part of: neuronkb neuron
MATCH (n:Neuron {id: $neuron})-[r]-(o)
WHERE NOT type(r) IN $known
RETURN type(r) AS type, startNode(r) = n AS out, properties(r) AS properties, labels(o) AS labels,
       properties(o) AS other
ORDER BY type, out DESC
