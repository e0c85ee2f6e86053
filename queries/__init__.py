"""What is asked: a catalogue of Cypher files and the shape of their answers."""

from .result import Entity, Result, plain

__all__ = ["Entity", "Result", "plain"]
