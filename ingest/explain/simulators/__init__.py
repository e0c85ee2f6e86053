"""Predictions of a neuron from the words of its explanation, by a language model."""
