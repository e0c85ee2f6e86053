"""What became of the texts of a corpus."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Counts; tokens are those of the texts, without the BOS that windows start with."""

    documents: int
    """read and tokenised"""
    skipped: int
    """could not be read"""
    short: int
    """of the documents, those that no window came of: they hold no token, or without tails too few for a window"""
    windows: int
    """kept"""
    held: int
    """of the windows, those held out for scoring"""
    duplicates: int
    """windows dropped because they repeat an earlier one, or nearly"""
    tokens: int
    """in the windows kept"""
    tokens_lost: int
    """in last pieces of documents too short for a window; 0 with tails"""
    tokens_duplicate: int
    """in the windows dropped"""
    padded: int = 0
    """of the windows kept, those that are shorter than `length`: ends of documents"""
