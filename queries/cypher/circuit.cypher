// Two steps downstream of one neuron: what it feeds, and what that feeds, by the product of the weights' sizes over
// their controls.
// $neuron: neuron; where the path starts
// $top: int = 20; paths at most
// columns: neuron, first, through, weight, second, then_through, then_weight, strength
// needs: FEEDS from feeds
// example: {"neuron": "gemma-3-270m/L8/N1"}
MATCH (n:Neuron {id: $neuron})-[f:FEEDS]->(a:Neuron)-[g:FEEDS]->(b:Neuron)
WHERE f.run = g.run AND f.rank IS NOT NULL AND g.rank IS NOT NULL
WITH n, f, a, g, b, abs(f.weight * g.weight) / (coalesce(f.`null`, 1.0) * coalesce(g.`null`, 1.0)) AS strength
RETURN n.id AS neuron, a.id AS first, f.through AS through, f.weight AS weight, b.id AS second,
       g.through AS then_through, g.weight AS then_weight, strength
ORDER BY strength DESC, first, through, second, then_through LIMIT $top
