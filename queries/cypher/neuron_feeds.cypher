// The later neurons that one neuron drives most through the residual stream, and the earlier ones that drive it most;
// control is the largest weight with shuffled rows. A negative weight works against the later neuron's gate or up.
// $neuron: neuron; the neuron
// $run: run = null; only evidence of this run
// $top: int = 10; rows each way and through each projection at most
// columns: way, through, rank, neuron, weight, control, run
// needs: FEEDS from feeds
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[f:FEEDS]->(o:Neuron)
WHERE ($run IS NULL OR f.run = $run) AND f.rank <= $top
RETURN 'down' AS way, f.through AS through, f.rank AS rank, o.id AS neuron, f.weight AS weight, f.`null` AS control,
       f.run AS run
UNION ALL
MATCH (n:Neuron {id: $neuron})<-[f:FEEDS]-(o:Neuron)
WHERE ($run IS NULL OR f.run = $run) AND f.rank_in <= $top
RETURN 'up' AS way, f.through AS through, f.rank_in AS rank, o.id AS neuron, f.weight AS weight,
       f.null_in AS control, f.run AS run
