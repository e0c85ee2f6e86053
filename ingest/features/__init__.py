"""Labelled texts: the features that probes look for, where their texts come from, and how they become tokens."""

from typing import TYPE_CHECKING

from ...schema.late import late
from .settings import Sampling

if TYPE_CHECKING:
    from .data_set import FeatureSet
    from .feature import Feature
    from .header import Count, Header
    from .labelled import FeatureInfo, Labelled
    from .record import Record, Span
else:  # settings do not wait for numpy and pyarrow
    __getattr__ = late(
        __name__,
        {
            "data_set": ("FeatureSet",),
            "feature": ("Feature",),
            "header": ("Count", "Header"),
            "labelled": ("FeatureInfo", "Labelled"),
            "record": ("Record", "Span"),
        },
    )

__all__ = ["Count", "Feature", "FeatureInfo", "FeatureSet", "Header", "Labelled", "Record", "Sampling", "Span"]
