"""What is stored: node labels, relationship types, ids, Arrow schemas and errors."""

from .arrow import arrow_schema, conform
from .errors import (
    BundleError,
    CorpusError,
    FeatureError,
    IdError,
    LimitError,
    LinkError,
    ModelError,
    NeuronKBError,
    PictureError,
    PublishedError,
    QueryError,
    ReadOnlyError,
    RunError,
    SchemaError,
    StoreBusyError,
    StoreError,
    VersionError,
    WeightsError,
)
from .ids import NeuronId, digest, fold, run_id
from .matrices import MATRICES
from .nodes import NODES
from .ontology import SCHEMA_VERSION, TABLES, bundle_table, table
from .property import Index, Kind, Matrix, Node, Property, Relationship, Table
from .relationships import POLES, PROJECTIONS, RELATIONSHIPS

__all__ = [
    "MATRICES",
    "NODES",
    "POLES",
    "PROJECTIONS",
    "RELATIONSHIPS",
    "SCHEMA_VERSION",
    "TABLES",
    "BundleError",
    "CorpusError",
    "FeatureError",
    "IdError",
    "Index",
    "Kind",
    "LimitError",
    "LinkError",
    "Matrix",
    "ModelError",
    "NeuronId",
    "NeuronKBError",
    "Node",
    "PictureError",
    "Property",
    "PublishedError",
    "QueryError",
    "ReadOnlyError",
    "Relationship",
    "RunError",
    "SchemaError",
    "StoreBusyError",
    "StoreError",
    "Table",
    "VersionError",
    "WeightsError",
    "arrow_schema",
    "bundle_table",
    "conform",
    "digest",
    "fold",
    "run_id",
    "table",
]
