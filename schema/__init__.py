"""What is stored: node labels, relationship types, ids, Arrow schemas and errors."""

from typing import TYPE_CHECKING

from .errors import (
    BudgetError,
    BundleError,
    CorpusError,
    FeatureError,
    IdError,
    LanguageModelError,
    LimitError,
    LinkError,
    ModelError,
    NeuronKBError,
    NotFoundError,
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
from .ids import SHARED, LatentId, MlpId, NeuronId, digest, fold, is_place, place_in, run_id
from .late import late
from .matrices import MATRICES
from .nodes import NODES
from .ontology import SCHEMA_VERSION, TABLES, bundle_table, table
from .property import Index, Kind, Matrix, Node, Property, Relationship, Table
from .relationships import POLES, PROJECTIONS, RELATIONSHIPS

if TYPE_CHECKING:
    from .arrow import arrow_schema, checked, conform
else:  # what wants ids and errors alone does not wait for pyarrow
    __getattr__ = late(__name__, {"arrow": ("arrow_schema", "checked", "conform")})

__all__ = [
    "MATRICES",
    "NODES",
    "POLES",
    "PROJECTIONS",
    "RELATIONSHIPS",
    "SCHEMA_VERSION",
    "SHARED",
    "TABLES",
    "BudgetError",
    "BundleError",
    "CorpusError",
    "FeatureError",
    "IdError",
    "Index",
    "Kind",
    "LanguageModelError",
    "LatentId",
    "LimitError",
    "LinkError",
    "Matrix",
    "MlpId",
    "ModelError",
    "NeuronId",
    "NeuronKBError",
    "Node",
    "PictureError",
    "Property",
    "PublishedError",
    "QueryError",
    "NotFoundError",
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
    "checked",
    "conform",
    "digest",
    "fold",
    "is_place",
    "place_in",
    "run_id",
    "table",
]
