// Neurons whose mean hidden value differs most between the turns of two roles, in standard deviations of the neuron over
// the whole corpus; above 0 where it is larger in the first role's. nonzero are shares of tokens above 0. Of corpus
// passes with --roles.
// $model: model; the model
// $role: text; the first role, such as assistant, or template: what the chat template adds
// $other: text = "user"; the role compared with
// $run: run = null; only evidence of this run
// $least: int = 100; least tokens in the turns of each
// $top: int = 20; rows at most
// columns: neuron, difference, mean, other_mean, nonzero, other_nonzero, n, other_n, std, run
// needs: Stats activations from activations
// example: {"model": "gemma-3-270m", "role": "assistant", "other": "user", "least": 10}
MATCH (n:Neuron {model: $model})-[:HAS_STATS]->(s:Stats {kind: 'activations'})
WHERE s.pole = 1 AND s.std > 0 AND $role IN s.roles AND $other IN s.roles AND ($run IS NULL OR s.run = $run)
WITH n, s, [i IN range(0, size(s.roles) - 1) WHERE s.roles[i] = $role][0] AS i,
     [i IN range(0, size(s.roles) - 1) WHERE s.roles[i] = $other][0] AS j
WHERE s.role_n[i] >= $least AND s.role_n[j] >= $least
WITH n, s, i, j, (s.role_mean[i] - s.role_mean[j]) / s.std AS difference
RETURN n.id AS neuron, difference, s.role_mean[i] AS mean, s.role_mean[j] AS other_mean, s.role_nonzero[i] AS nonzero,
       s.role_nonzero[j] AS other_nonzero, s.role_n[i] AS n, s.role_n[j] AS other_n, s.std AS std, s.run AS run
ORDER BY abs(difference) DESC, neuron, run LIMIT $top
