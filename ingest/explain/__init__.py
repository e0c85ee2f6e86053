"""Explanations: statements of what a neuron does, written, imported or computed, and how well each predicts it."""
