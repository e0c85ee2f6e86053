"""Sparse probes: which neurons tell a labelled property of text, alone or a few together."""
