// What people noted about one neuron, or carried to it from another model.
// $neuron: neuron; the neuron
// columns: finding, text, author, created, about, verdict
// needs: ABOUT from findings
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (f:Finding)-[:ABOUT]->(n:Neuron {id: $neuron})
RETURN f.id AS finding, f.text AS text, f.author AS author, f.created AS created, n.id AS about, null AS verdict
ORDER BY finding
UNION ALL
MATCH (f:Finding)-[c:CARRIED_TO]->(n:Neuron {id: $neuron})
RETURN f.id AS finding, f.text AS text, f.author AS author, f.created AS created, c.source AS about, c.verdict AS verdict
ORDER BY finding, about
