"""The command line: each command parses, calls one method of KnowledgeBase, prints.

Modules here import nothing heavy before a command runs, so that `neuronkb --help` answers at once.
"""

from __future__ import annotations

from .main import main

__all__ = ["main"]
