// How many words the store knows: what a search matrix has a vector of each, at most.
// columns: terms
// needs: nothing
// example: {}
// part of: neuronkb search
MATCH (t:Term)
RETURN count(t) AS terms
