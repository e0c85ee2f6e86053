// All that is known of one neuron in one row: its strongest decoded tokens by side, what it fires on, its graphs,
// features, explanations, clamps, counterparts, neighbours and findings.
// $neuron: neuron; the neuron
// columns: neuron, model, layer, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, counterparts,
// similar, feeders, findings
// needs: nothing
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})
OPTIONAL MATCH (n)-[d:DECODES_TO]->(t:Token) WHERE d.rank <= 5
WITH n, d, t ORDER BY d.run, d.projection, d.pole DESC, d.rank
WITH n, collect(CASE WHEN t IS NULL THEN null ELSE {projection: d.projection, pole: d.pole, token: t.text, z: d.z} END)
  AS decodes
OPTIONAL MATCH (n)-[f:FIRES_ON_TOKEN]->(u:Token)
WITH n, decodes, f, u ORDER BY f.run, f.pole DESC, f.mean DESC, u.id
WITH n, decodes, collect(CASE WHEN u IS NULL THEN null ELSE {pole: f.pole, token: u.text, mean: f.mean, run: f.run} END) AS fires_on
OPTIONAL MATCH (n)-[:HAS_GRAPH]->(g:Graph)
WITH n, decodes, fires_on, g ORDER BY g.id
WITH n, decodes, fires_on,
     collect(CASE WHEN g IS NULL THEN null ELSE {pole: g.pole, status: g.status, f1: g.f1, lookup: g.`null`,
       run: g.run} END) AS graphs
OPTIONAL MATCH (n)-[a:ACTIVATES_ON]->(w:Term)
WITH n, decodes, fires_on, graphs, a, w ORDER BY a.run, a.pole DESC, a.activation DESC, w.id
WITH n, decodes, fires_on, graphs,
     collect(CASE WHEN w IS NULL THEN null ELSE {pole: a.pole, word: w.id, activation: a.activation, run: a.run} END) AS activates_on
OPTIONAL MATCH (n)-[x:DETECTS]->(v:Feature)
WITH n, decodes, fires_on, graphs, activates_on, x, v ORDER BY x.f1 DESC, v.id, x.method, x.run
WITH n, decodes, fires_on, graphs, activates_on,
     collect(CASE WHEN v IS NULL THEN null ELSE {feature: v.name, f1: x.f1, base_f1: x.base_f1} END) AS detects
OPTIONAL MATCH (n)-[y:EXPLAINED_BY]->(e:Explanation)
WITH n, decodes, fires_on, graphs, activates_on, detects, y, e ORDER BY y.pole DESC, e.kind, e.text
WITH n, decodes, fires_on, graphs, activates_on, detects,
     collect(CASE WHEN e IS NULL THEN null ELSE {pole: y.pole, kind: e.kind, text: e.text, formula: y.formula,
       score: y.value, control: y.`null`, run: y.run} END) AS explanations
OPTIONAL MATCH (i:Intervention)-[:ON]->(n) WHERE i.p_neurons IS NOT NULL
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, i ORDER BY i.id
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations,
     collect(CASE WHEN i IS NULL THEN null ELSE {projection: i.projection, pole: i.pole, effect: i.effect,
       p_tokens: i.p_tokens, p_neurons: i.p_neurons} END) AS clamps
OPTIONAL MATCH (n)-[:COUNTERPART]-(o:Neuron)
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, o ORDER BY o.id
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, collect(DISTINCT o.id) AS counterparts
OPTIONAL MATCH (n)-[s:SIMILAR]-(m:Neuron)
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, counterparts, s, m
ORDER BY s.measure, s.score DESC, m.id
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, counterparts,
     collect(CASE WHEN m IS NULL THEN null ELSE {measure: s.measure, neuron: m.id, score: s.score} END) AS similar
OPTIONAL MATCH (p:Neuron)-[h:FEEDS]->(n)
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, counterparts, similar, h, p
ORDER BY abs(h.weight) DESC, p.id, h.through
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, counterparts, similar,
     collect(CASE WHEN p IS NULL THEN null ELSE {neuron: p.id, through: h.through, weight: h.weight} END) AS feeders
OPTIONAL MATCH (k:Finding)-[:ABOUT]->(n)
WITH n, decodes, fires_on, graphs, activates_on, detects, explanations, clamps, counterparts, similar, feeders, k
ORDER BY k.id
RETURN n.id AS neuron, n.model AS model, n.layer AS layer, decodes, fires_on, graphs, activates_on, detects,
       explanations, clamps, counterparts, similar, feeders, collect(k.text) AS findings
