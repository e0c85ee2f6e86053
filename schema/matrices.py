"""Whole matrices that stay in a bundle: too large for a graph, and what tells "below the floor" from "never tested"."""

from __future__ import annotations

from .property import Matrix, Property

_EACH = "one number for each neuron of the layer, in order"

_MATRICES = (
    Matrix(
        "TokenActivations",
        "How every neuron of a layer answers to each frequent token, in documents that are not held out: the table "
        "whose strongest rows are FIRES_ON_TOKEN.",
        (
            Property("layer", "int", "the layer", required=True),
            Property("token", "string", "id of the Token", required=True),
            Property("n", "int", "times the token was seen", required=True),
            Property("mean", "float32s", f"mean activation; {_EACH}", required=True),
            Property("min", "float32s", f"smallest activation; {_EACH}", required=True),
            Property("max", "float32s", f"largest activation; {_EACH}", required=True),
        ),
    ),
    Matrix(
        "ProbeScores",
        "How well every neuron of a layer alone tells each feature: the table whose best cells are DETECTS.",
        (
            Property("layer", "int", "the layer", required=True),
            Property("feature", "string", "id of the Feature", required=True),
            Property("method", "string", "how the one-neuron probe was fitted", required=True),
            Property("f1", "float32s", f"F1 on the reporting split; {_EACH}", required=True),
            Property("mcc", "float32s", f"Matthews correlation on the reporting split; {_EACH}", required=True),
            Property("auc", "float32s", f"area under the ROC curve there; {_EACH}", required=True),
            Property("mean_difference", "float32s", f"of the classes, on the fitting split; {_EACH}", required=True),
        ),
    ),
)

MATRICES: dict[str, Matrix] = {matrix.name: matrix for matrix in _MATRICES}
