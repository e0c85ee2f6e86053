// Which latents the explanations of one run are about.
// $run: run; the run
// columns: start, end, pole
// needs: EXPLAINED_BY from explanations
// example: {"run": "explain-1"}
// part of: neuronkb search
MATCH (n:Latent)-[x:EXPLAINED_BY]->(e:Explanation)
WHERE x.run = $run
RETURN n.id AS start, e.id AS end, x.pole AS pole
ORDER BY start, pole, end
