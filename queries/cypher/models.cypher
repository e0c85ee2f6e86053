// The models in the store, their sizes and bases.
// columns: model, architecture, layers, d_model, d_mlp, experts, vocabulary, gated, weights, bases
// needs: nothing
// example: {}
MATCH (m:Model)
OPTIONAL MATCH (m)-[f:FINE_TUNED_FROM]->(base:Model)
RETURN m.id AS model, m.architecture AS architecture, m.n_layers AS layers, m.d_model AS d_model, m.d_mlp AS d_mlp,
       m.n_experts AS experts, m.d_vocab AS vocabulary, m.gated AS gated, m.weights AS weights, collect(base.id) AS bases
ORDER BY model
