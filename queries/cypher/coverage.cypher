// What is known of a model, layer by layer: neurons, and how many of them have each kind of evidence; how many have a
// line of words above chance, and how many no line yet.
// $model: model; the model
// columns: layer, neurons, decoded, active, graphed, probed, explained, clamped, linked, similar, feeding, noted, lined,
// unlined
// needs: nothing
// example: {"model": "gemma-3-270m"}
MATCH (n:Neuron {model: $model})
RETURN n.layer AS layer, count(n) AS neurons,
       sum(CASE WHEN EXISTS { (n)-[:DECODES_TO]->() } THEN 1 ELSE 0 END) AS decoded,
       sum(CASE WHEN EXISTS { (n)-[:FIRES_ON_TOKEN]->() } OR EXISTS { (n)-[:FIRES_ON]->() } THEN 1 ELSE 0 END) AS active,
       sum(CASE WHEN EXISTS { (n)-[:HAS_GRAPH]->() } THEN 1 ELSE 0 END) AS graphed,
       sum(CASE WHEN EXISTS { (n)-[:DETECTS]->() } THEN 1 ELSE 0 END) AS probed,
       sum(CASE WHEN EXISTS { (n)-[:EXPLAINED_BY]->() } THEN 1 ELSE 0 END) AS explained,
       sum(CASE WHEN EXISTS { (n)<-[:ON]-() } THEN 1 ELSE 0 END) AS clamped,
       sum(CASE WHEN EXISTS { (n)-[:COUNTERPART]-() } THEN 1 ELSE 0 END) AS linked,
       sum(CASE WHEN EXISTS { (n)-[:SIMILAR]-() } THEN 1 ELSE 0 END) AS similar,
       sum(CASE WHEN EXISTS { (n)-[:FEEDS]-() } THEN 1 ELSE 0 END) AS feeding,
       sum(CASE WHEN EXISTS { (n)<-[:ABOUT]-() } THEN 1 ELSE 0 END) AS noted,
       sum(CASE WHEN n.line_source <> 'nothing' THEN 1 ELSE 0 END) AS lined,
       sum(CASE WHEN n.line_source IS NULL THEN 1 ELSE 0 END) AS unlined
ORDER BY layer
