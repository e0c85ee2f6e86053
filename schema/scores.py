"""What is said of a fitted probe, whether of one neuron (DETECTS) or of several (Probe)."""

from __future__ import annotations

from .property import Property

SCORES = (
    Property("f1", "float", "2 precision recall / (precision + recall)"),
    Property("precision", "float", "share of the examples it picks that have the feature"),
    Property("recall", "float", "share of the examples with the feature that it picks"),
    Property("mcc", "float", "Matthews correlation"),
    Property("auc", "float", "area under the ROC curve"),
    Property("threshold", "float", "what the probe's value must exceed to pick an example"),
    Property("base_f1", "float", "F1 of always guessing yes: 2p / (1 + p) at the base rate p"),
    Property("null", "float", "F1 of the best of as many random directions of the layer"),
    Property("null_mcc", "float", "Matthews correlation of the best of as many random directions"),
    Property("n", "int", "examples it was scored on"),
    Property("positives", "int", "those that have the feature"),
    Property("split", "string", "how fitting, choosing and reporting were kept apart"),
    Property("aggregation", "string", "none: a value a token; mean or max: over the tokens of a span or text"),
    Property("imported", "bool", "true when read from a published table, whose weights nobody has checked"),
)
"""Properties of DETECTS and, but for the threshold, of Probe; a published table has some of them."""
