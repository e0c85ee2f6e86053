// How many tokens of a tokenizer spell each of the given words; words that no token spells are left out.
// $words: words; the words
// $tokenizer: text; hash of the tokenizer
// columns: word, tokens
// needs: SPELLS from lm-head
// example: {"words": ["june"], "tokenizer": "t0"}
// part of: neuronkb links report
UNWIND $words AS word
MATCH (w:Term {id: word})<-[:SPELLS]-(t:Token {tokenizer: $tokenizer})
RETURN word, count(DISTINCT t) AS tokens
ORDER BY word
