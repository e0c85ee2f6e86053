// What a fine-tune changed in one neuron's decoded tokens: by row and pole the tokens lost, kept and gained.
// $neuron: neuron; the neuron
// columns: tuned, projection, pole, lost, kept, gained
// needs: COUNTERPART from link; DECODES_TO from lm-head
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (a:Neuron {id: $neuron})-[:COUNTERPART]->(b:Neuron)
MATCH (a)-[d:DECODES_TO]->(t:Token)
WITH DISTINCT a, b, d.projection AS projection, d.pole AS pole, d.rank AS rank, t.text AS text
ORDER BY rank, text
WITH b, projection, pole, collect(DISTINCT text) AS before
MATCH (b)-[e:DECODES_TO]->(u:Token) WHERE e.projection = projection AND e.pole = pole
WITH b, projection, pole, before, e.rank AS rank, u.text AS text ORDER BY rank, text
WITH b, projection, pole, before, collect(DISTINCT text) AS after
RETURN b.id AS tuned, projection, pole, [x IN before WHERE NOT x IN after] AS lost, [x IN before WHERE x IN after] AS kept,
       [x IN after WHERE NOT x IN before] AS gained
ORDER BY tuned, projection, pole DESC
