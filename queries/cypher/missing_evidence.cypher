// Neurons of a layer that lack evidence, with what each lacks; those that lack most first.
// $model: model; the model
// $layer: int; the layer
// $top: int = 20; rows at most
// columns: neuron, missing
// needs: nothing
// example: {"model": "gemma-3-270m", "layer": 9}
MATCH (n:Neuron {model: $model, layer: $layer})
WITH n, [CASE WHEN EXISTS { (n)-[:DECODES_TO]->() } THEN '' ELSE 'decoded tokens' END,
         CASE WHEN EXISTS { (n)-[:FIRES_ON_TOKEN]->() } THEN '' ELSE 'activations' END,
         CASE WHEN EXISTS { (n)-[:HAS_GRAPH]->() } THEN '' ELSE 'N2G graph' END,
         CASE WHEN EXISTS { (n)-[:DETECTS]->() } THEN '' ELSE 'probes' END,
         CASE WHEN EXISTS { (n)-[:EXPLAINED_BY]->() } THEN '' ELSE 'explanation' END,
         CASE WHEN EXISTS { (n)<-[:ON]-() } THEN '' ELSE 'clamp' END] AS all
WITH n, [x IN all WHERE x <> ''] AS missing
WHERE size(missing) > 0
RETURN n.id AS neuron, missing
ORDER BY size(missing) DESC, n.expert, n.index LIMIT $top
