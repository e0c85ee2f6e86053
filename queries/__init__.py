"""What is asked: a catalogue of Cypher files, and the answers as plain records. A store is handed in."""

from .answers.activity import Activity, Excerpt
from .answers.causal import CausalReport, CheckedClamp, Share, causal_report
from .answers.clamps import ClampCurve, ClampDose, clamp_curves
from .answers.decoded import DecodedEnd
from .answers.diff import Change, Diff, diff_models
from .answers.ends import Concept, End
from .answers.explanation_report import ExplanationReport, LayerScore, explanation_report
from .answers.explanations import ExplanationView, ScoreView
from .answers.features import FeatureInfo
from .answers.find import by_token, by_words, coherent, concepts, word_lists
from .answers.link_layers import LayerShare
from .answers.neuron import Counterpart, NeuronCard, card
from .answers.probe_report import Candidate, ProbeReport, Told, probe_report
from .answers.probes import Detection, Detections, FeatureProbes, LayerBest, Sparsity, by_feature, feature_probes
from .catalogue.query import Query, Reader, catalogue, public, query
from .result.entity import Entity, plain
from .result.result import Result
from .result.row import Row

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
    "DecodedEnd",
    "Detection",
    "Detections",
    "Diff",
    "End",
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
