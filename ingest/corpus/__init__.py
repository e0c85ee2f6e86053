"""Texts to token windows: what a model reads while its neurons are watched."""

from typing import TYPE_CHECKING

from ...schema.late import late
from .settings import Settings

if TYPE_CHECKING:
    from .corpus import Corpus
    from .document import Document
    from .documents import Documents, read_documents
    from .tokenizer import Tokenizer
else:  # settings do not wait for numpy and pyarrow
    __getattr__ = late(
        __name__,
        {
            "corpus": ("Corpus",),
            "document": ("Document",),
            "documents": ("Documents", "read_documents"),
            "tokenizer": ("Tokenizer",),
        },
    )

__all__ = ["Corpus", "Document", "Documents", "Settings", "Tokenizer", "read_documents"]
