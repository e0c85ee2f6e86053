// How many tokens of a tokenizer spell any of the given words.
// $words: words; the words
// $tokenizer: text; hash of the tokenizer
// columns: tokens
// needs: SPELLS from lm-head
// example: {"words": ["june"], "tokenizer": "t0"}
// part of: neuronkb words several
UNWIND $words AS word
MATCH (w:Term {id: word})<-[:SPELLS]-(t:Token {tokenizer: $tokenizer})
RETURN count(DISTINCT t) AS tokens
