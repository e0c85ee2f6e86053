// One neuron and its model.
// $neuron: neuron; the neuron
// columns: neuron, layer, index, model, layers, width
// needs: nothing
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[:IN_MODEL]->(m:Model)
RETURN n.id AS neuron, n.layer AS layer, n.index AS index, m.id AS model, m.n_layers AS layers, m.d_mlp AS width
