"""neuronkb."""
