// The same neuron in the model's fine-tunes and in its base, with what the link measured.
// $neuron: neuron; the neuron
// columns: relation, neuron, run, measures
// needs: COUNTERPART from link
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[c:COUNTERPART]->(other:Neuron)
RETURN 'fine-tune' AS relation, other.id AS neuron, c.run AS run, properties(c) AS measures
UNION ALL
MATCH (n:Neuron {id: $neuron})<-[c:COUNTERPART]-(other:Neuron)
RETURN 'base' AS relation, other.id AS neuron, c.run AS run, properties(c) AS measures
