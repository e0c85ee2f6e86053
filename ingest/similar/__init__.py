"""How alike neurons are, of one model or of two: measures, their nulls, and the nearest over all pairs."""
