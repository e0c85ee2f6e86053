"""What is asked: a catalogue of Cypher files, and the answers as plain records. A store is handed in."""

from .activity import Activity, Excerpt
from .catalogue import Query, Reader, catalogue, query
from .diff import Change, Diff, LayerShare, diff_models
from .find import Concept, Side, by_token, by_words, coherent, concepts, word_lists
from .neuron import Counterpart, DecodedSide, NeuronCard, card
from .result import Entity, Result, plain

__all__ = [
    "Activity",
    "Change",
    "Concept",
    "Counterpart",
    "DecodedSide",
    "Diff",
    "Entity",
    "Excerpt",
    "LayerShare",
    "NeuronCard",
    "Query",
    "Reader",
    "Result",
    "Side",
    "by_token",
    "by_words",
    "card",
    "catalogue",
    "coherent",
    "concepts",
    "diff_models",
    "plain",
    "query",
    "word_lists",
]
