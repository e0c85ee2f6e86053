// What people put in themselves about one neuron: relationships of types that the schema does not have, with the labels
// and the id, name or text of what is at their other end.
// $neuron: neuron; the neuron
// $known: texts; types of the schema
// columns: type, out, properties, labels, other
// needs: nothing
// example: {"neuron": "gemma-3-270m/L9/N188", "known": ["DECODES_TO", "HAS_STATS", "FIRES_ON", "FIRES_ON_TOKEN", "SIMILAR",
// "FEEDS", "EXPLAINED_BY", "DETECTS", "COUNTERPART", "ACTIVATES_ON", "HAS_CONTEXT", "OF", "ON", "USES", "AGREES_ON",
// "CONTRADICTS_ON", "CARRIED_TO"]}
// part of: neuronkb card
MATCH (n:Neuron {id: $neuron})-[r]-(o)
WHERE NOT type(r) IN $known
RETURN type(r) AS type, startNode(r) = n AS out, properties(r) AS properties, labels(o) AS labels,
       toString(coalesce(o.id, o.name, o.text)) AS other
ORDER BY type, out DESC, other
