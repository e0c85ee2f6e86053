// What is joined to given nodes, the strongest first: of each node and relationship type at most so many, each with the
// node at its other end. Models and runs, which join everything, are left out.
// $nodes: texts; ids of nodes
// $each: int = 10; relationships of each node and type at most
// columns: node, relationship, other
// needs: nothing
// example: {"nodes": ["gemma-3-270m/L9/N188", "june"]}
// part of: neuronkb neurons around
UNWIND $nodes AS id
CALL {
  WITH id MATCH (m:Neuron {id: id}) RETURN m
  UNION
  WITH id MATCH (m:Token {id: id}) RETURN m
  UNION
  WITH id MATCH (m:Term {id: id}) RETURN m
  UNION
  WITH id MATCH (m:Feature {id: id}) RETURN m
  UNION
  WITH id MATCH (m:Graph {id: id}) RETURN m
  UNION
  WITH id MATCH (m:GraphNode {id: id}) RETURN m
  UNION
  WITH id MATCH (m:Explanation {id: id}) RETURN m
  UNION
  WITH id MATCH (m:Finding {id: id}) RETURN m
}
MATCH (m)-[r]-(x)
WHERE NOT x:Model AND NOT x:Run
WITH m, r, x ORDER BY coalesce(r.rank, 0), coalesce(r.activation, r.mean, r.score, r.f1, r.z, 0.0) DESC, x.id,
     coalesce(r.run, ''), coalesce(r.projection, ''), coalesce(r.pole, 0), coalesce(r.measure, ''), startNode(r).id
WITH m, type(r) AS kind, collect({r: r, x: x})[..$each] AS found
UNWIND found AS one
RETURN m AS node, one.r AS relationship, one.x AS other
ORDER BY m.id, kind, one.x.id, coalesce(one.r.run, ''), coalesce(one.r.projection, ''), coalesce(one.r.pole, 0),
         coalesce(one.r.measure, ''), startNode(one.r).id
