"""The named queries: what stands at the head of each file of Cypher, and what is said of names and empty answers."""
