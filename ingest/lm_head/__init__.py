"""LM-head decoding: the tokens each neuron's weights point at, through the unembedding."""
