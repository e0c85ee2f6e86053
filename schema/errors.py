"""Every error neuronkb raises on purpose.

    NeuronKBError
    ├── IdError            an id that cannot be read
    ├── SchemaError        data or a store that does not fit the ontology
    │   └── VersionError   a schema version this release does not know
    ├── BundleError        a bundle that is damaged, unfinished or not a bundle
    ├── CorpusError        texts that cannot be read, or a corpus that is empty, damaged or none
    ├── FeatureError       labelled texts that cannot be read, found, made or brought to tokens
    ├── ModelError         a model that cannot be found, read or decoded
    │   └── WeightsError   evidence made on other weights under the same name
    ├── LanguageModelError a language model that cannot be asked
    │   └── BudgetError    the money or tokens allowed are spent
    ├── PictureError       a picture that cannot be drawn or written
    ├── PublishedError     a published file that cannot be imported
    ├── RunError           a run that clashes with one the store holds
    ├── LinkError          two models that cannot be linked
    └── StoreError         a store that cannot be opened or reached
        ├── StoreBusyError a store that another host or process holds
        └── QueryError     a query the store refused or could not finish
            ├── NotFoundError   a name that is not in the store
            ├── ReadOnlyError   a read that tried to write, or to reach files or the network
            └── LimitError      a read that ran past its time limit or took the server's memory

A message names the wrong value, what was expected, and the mend. The library raises; the command line
prints one line.
"""

from __future__ import annotations

from .secrets import hidden

LONGEST = 2000
"""Characters of a message."""


class NeuronKBError(Exception):
    """Base of all errors below. Its message is one line that can be printed and sent, whatever it names, without a key
    or password, whoever wrote it."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(_line(hidden(arg)) if isinstance(arg, str) else arg for arg in args))


class IdError(NeuronKBError):
    """An id that cannot be read."""


class SchemaError(NeuronKBError):
    """Data or a store that does not fit the ontology."""


class VersionError(SchemaError):
    """A schema version this release does not know."""


class BundleError(NeuronKBError):
    """A bundle that is damaged, unfinished or not a bundle."""


class CorpusError(NeuronKBError):
    """Texts that cannot be read, or a corpus that is empty, damaged or none."""


class FeatureError(NeuronKBError):
    """Labelled texts that cannot be read, found, made or brought to tokens."""


class ModelError(NeuronKBError):
    """A model that cannot be found, read or decoded."""


class WeightsError(ModelError):
    """Evidence made on other weights under the same model name."""


class LanguageModelError(NeuronKBError):
    """A language model that cannot be asked."""


class BudgetError(LanguageModelError):
    """The money or tokens allowed are spent; everything answered is kept."""


class PictureError(NeuronKBError):
    """A picture that cannot be drawn or written."""


class PublishedError(NeuronKBError):
    """A published file that cannot be imported."""


class RunError(NeuronKBError):
    """A run that clashes with one the store holds."""


class LinkError(NeuronKBError):
    """Two models that cannot be linked."""


class StoreError(NeuronKBError):
    """A store that cannot be opened or reached."""


class StoreBusyError(StoreError):
    """A store that another host or process holds."""


class QueryError(StoreError):
    """A query the store refused or could not finish."""


class NotFoundError(QueryError):
    """A neuron, model, feature, finding or run that is not in the store."""


class ReadOnlyError(QueryError):
    """A read that tried to write, or to reach the server's files or network."""


class LimitError(QueryError):
    """A read that ran past its time limit, or took the server's memory."""


def _line(text: str) -> str:
    """Without breaks and halves of characters, and with its middle left out where it is long."""
    whole = " ".join(text.splitlines()).encode("utf-8", "backslashreplace").decode()
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST // 2]} ... {whole[-LONGEST // 2 + 5 :]}"
