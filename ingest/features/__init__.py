"""Labelled texts: the features that probes look for, where their texts come from, and how they become tokens."""

from .data_set import FeatureSet
from .feature import Feature
from .header import Count, Header
from .labelled import FeatureInfo, Labelled
from .record import Record, Span
from .sampling import Sampling
from .split import CHOOSE, FIT, REPORT, split

__all__ = [
    "CHOOSE",
    "FIT",
    "REPORT",
    "Count",
    "Feature",
    "FeatureInfo",
    "FeatureSet",
    "Header",
    "Labelled",
    "Record",
    "Sampling",
    "Span",
    "split",
]
