// The features in the store: names, where their labels come from, how many examples have them.
// columns: id, name, aliases, dataset, category, aggregation, n, positives, base_rate, groups, split, status,
// description, source
// needs: Feature from probes
// example: {}
MATCH (f:Feature)
RETURN f.id AS id, f.name AS name, f.aliases AS aliases, f.dataset AS dataset, f.category AS category,
       f.aggregation AS aggregation, f.n AS n, f.positives AS positives, f.base_rate AS base_rate,
       f.groups AS groups, f.split AS split, f.status AS status, f.description AS description, f.source AS source
ORDER BY category, name, id
