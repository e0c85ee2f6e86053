// Findings and what became of them in other models: by finding and neuron the verdict, with its reason; those not
// carried yet have none.
// $text: text = null; only findings whose text has this in it
// $verdict: text = null; only this verdict
// $top: int = 20; rows at most
// columns: finding, text, author, neuron, verdict, carried_to, reason, run
// needs: ABOUT from findings
// example: {}
MATCH (f:Finding)-[:ABOUT]->(n:Neuron)
WHERE $text IS NULL OR toLower(f.text) CONTAINS toLower($text)
OPTIONAL MATCH (f)-[c:CARRIED_TO]->(m:Neuron) WHERE c.source = n.id
WITH f, n, c, m WHERE $verdict IS NULL OR c.verdict = $verdict
RETURN f.id AS finding, f.text AS text, f.author AS author, n.id AS neuron, c.verdict AS verdict, m.id AS carried_to,
       c.reason AS reason, c.run AS run
ORDER BY finding, neuron, carried_to, run LIMIT $top
