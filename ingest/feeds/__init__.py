"""Which later neurons a neuron drives through the residual stream."""
