"""Texts to token windows: what a model reads while its neurons are watched."""

from .corpus import Corpus
from .document import Document
from .documents import Documents, read_documents
from .settings import Settings
from .tokenizer import Tokenizer

__all__ = ["Corpus", "Document", "Documents", "Settings", "Tokenizer", "read_documents"]
