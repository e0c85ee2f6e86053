// The embeddings of what is said of a model's neurons, or of one neuron.
// $model: model; the model
// $neuron: neuron = null; only this neuron
// columns: neuron, embedder, embedding
// needs: EXPLAINED_BY from explanations
// example: {"model": "gemma-3-270m"}
// part of: neuronkb similar show
MATCH (n:Neuron {model: $model})-[:EXPLAINED_BY]->(e:Explanation)
WHERE e.embedding IS NOT NULL AND ($neuron IS NULL OR n.id = $neuron)
RETURN n.id AS neuron, e.embedder AS embedder, e.embedding AS embedding
ORDER BY neuron, embedder
