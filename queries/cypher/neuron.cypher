// One neuron and its model.
// $neuron: neuron; the neuron
// columns: neuron, layer, expert, index, model, layers, width
// needs: nothing
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[:IN_MODEL]->(m:Model)
RETURN n.id AS neuron, n.layer AS layer, n.expert AS expert, n.index AS index, m.id AS model, m.n_layers AS layers,
       CASE WHEN n.expert >= 0 THEN m.d_expert ELSE m.d_mlp END AS width
