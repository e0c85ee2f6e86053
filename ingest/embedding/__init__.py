"""Sentence embeddings: texts as vectors whose cosine says how near their meanings are."""
