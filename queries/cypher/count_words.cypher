// How many tokens of a tokenizer spell any of the given words.
// $words: lower-case words; $tokenizer: the tokenizer's hash
UNWIND $words AS word
MATCH (w:Term {id: word})<-[:SPELLS]-(t:Token {tokenizer: $tokenizer})
RETURN count(DISTINCT t) AS tokens
