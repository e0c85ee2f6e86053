// Neurons whose line may change when a run goes: those whose line it gives, those of which nothing else may be known,
// and those that it carried a finding to.
// $run: run; the run
// columns: neuron
// needs: nothing
// example: {"run": "carry-1"}
// part of: neuronkb runs remove
MATCH (n:Neuron) WHERE n.line_run = $run
RETURN n.id AS neuron
ORDER BY neuron
UNION ALL
MATCH (n:Neuron)-[x:HAS_STATS|HAS_GRAPH|DETECTS|EXPLAINED_BY]->()
WHERE x.run = $run AND n.line_source = 'nothing'
RETURN DISTINCT n.id AS neuron
ORDER BY neuron
UNION ALL
MATCH (:Finding)-[c:CARRIED_TO]->(n:Neuron)
WHERE c.run = $run
RETURN DISTINCT n.id AS neuron
ORDER BY neuron
