// How many ends of rows decode to each of the given words, by run: an end counts once, however many of its tokens spell
// the word.
// $words: words; the words
// $runs: texts; ids of the decoding runs
// $layers: ints; 0-based layers whose ends count
// columns: word, run, ends
// needs: DECODES_TO, SPELLS from lm-head
// example: {"words": ["june", "dog"], "runs": ["lm-head-1", "lm-head-2"], "layers": [8, 9]}
// part of: neuronkb links report
UNWIND $words AS word
MATCH (w:Term {id: word})<-[:SPELLS]-(:Token)<-[d:DECODES_TO]-(n:Neuron)
WHERE d.run IN $runs AND n.layer IN $layers
WITH DISTINCT word, d.run AS run, n.id AS neuron, d.projection AS projection, d.pole AS pole
RETURN word, run, count(*) AS ends
ORDER BY word, run
