// Which models were fine-tuned from which, by link run, with the mean cosine of their rows; the closest base first.
// columns: model, base, mean_cosine, run
// needs: FINE_TUNED_FROM from link
// example: {}
MATCH (m:Model)-[f:FINE_TUNED_FROM]->(base:Model)
RETURN m.id AS model, base.id AS base, f.mean_cosine AS mean_cosine, f.run AS run
ORDER BY model, coalesce(mean_cosine, -1.0) DESC, base, run
