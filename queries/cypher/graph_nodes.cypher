// The nodes of one N2G graph, each with the node before it (one token nearer to the firing token), or null.
// $graph: text; the graph's id
// columns: id, parent, token, key, kind, match, importance, activation, ends, value, n, mean, high, fired
// needs: STARTS_AT from n2g
// example: {"graph": "gemma-3-270m/L9/N188/graph/1/n2g-1"}
MATCH (g:Graph {id: $graph})-[:STARTS_AT]->(s:GraphNode)
MATCH (s)-[:PRECEDED_BY*0..60]->(x:GraphNode)
WITH DISTINCT x
OPTIONAL MATCH (p:GraphNode)-[:PRECEDED_BY]->(x)
RETURN x.id AS id, p.id AS parent, x.token AS token, x.key AS key, x.kind AS kind, x.match AS match,
       x.importance AS importance, x.activation AS activation, x.ends AS ends, x.value AS value, x.n AS n,
       x.mean AS mean, x.high AS high, x.fired AS fired
ORDER BY id, parent
