"""What is asked: a catalogue of Cypher files, and the answers as plain records. A store is handed in."""

from .activity import Activity, Excerpt
from .catalogue import Query, Reader, catalogue, public, query
from .causal import CausalReport, CheckedClamp, Share, causal_report
from .clamps import ClampCurve, ClampDose, clamp_curves
from .diff import Change, Diff, LayerShare, diff_models
from .explanations import ExplanationReport, ExplanationView, LayerScore, ScoreView, explanation_report
from .features import FeatureInfo
from .find import Concept, Side, by_token, by_words, coherent, concepts, word_lists
from .neuron import Counterpart, DecodedSide, NeuronCard, card
from .probe_report import Candidate, ProbeReport, Told, probe_report
from .probes import Detection, FeatureProbes, LayerBest, Sparsity, by_feature, feature_probes
from .result import Entity, Result, plain
from .row import Row

__all__ = [
    "Activity",
    "Candidate",
    "CausalReport",
    "Change",
    "CheckedClamp",
    "ClampCurve",
    "ClampDose",
    "Concept",
    "Counterpart",
    "DecodedSide",
    "Detection",
    "Diff",
    "Entity",
    "Excerpt",
    "ExplanationReport",
    "ExplanationView",
    "FeatureInfo",
    "FeatureProbes",
    "LayerBest",
    "LayerScore",
    "LayerShare",
    "NeuronCard",
    "ProbeReport",
    "Query",
    "Reader",
    "Result",
    "Row",
    "ScoreView",
    "Share",
    "Side",
    "Sparsity",
    "Told",
    "by_feature",
    "by_token",
    "by_words",
    "card",
    "catalogue",
    "causal_report",
    "clamp_curves",
    "coherent",
    "concepts",
    "diff_models",
    "explanation_report",
    "feature_probes",
    "plain",
    "probe_report",
    "public",
    "query",
    "word_lists",
]
