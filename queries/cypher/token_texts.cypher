// What given tokens write, and which of them are no text.
// $tokens: texts; ids of Tokens
// columns: id, text, special, byte
// needs: nothing
// example: {"tokens": ["t0/T0"]}
// part of: neuronkb search
UNWIND $tokens AS id
MATCH (t:Token {id: id})
RETURN t.id AS id, t.text AS text, coalesce(t.special, false) AS special, coalesce(t.byte, false) AS byte
