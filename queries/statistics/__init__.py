"""What chance gives: overlaps of words, ranks, hypergeometric tails, p-values adjusted for their number."""
