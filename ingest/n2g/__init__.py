"""Neuron to Graph (Foote et al. 2023, arXiv 2305.19911): what text a neuron fires on, as a graph that predicts it."""
