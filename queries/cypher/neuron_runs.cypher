// The runs that say something of one neuron, and how many statements each makes.
// $neuron: neuron; the neuron
// columns: run, job, evidence, statements, started
// needs: nothing
// example: {"neuron": "gemma-3-270m/L9/N188"}
MATCH (n:Neuron {id: $neuron})-[x]-()
WHERE x.run IS NOT NULL
WITH x.run AS id, type(x) AS evidence, count(x) AS statements
MATCH (r:Run {id: id})
RETURN id AS run, r.job AS job, evidence, statements, r.started AS started
ORDER BY run, evidence
