"""What every neuron does on a corpus: statistics, examples and tokens, in one pass over all layers."""
