"""Evidence on disk: a folder of Parquet shards with a run."""

from .layout import UNVERIFIED, RunInfo
from .reader import Bundle
from .shards import FileEntry, ShardEntry
from .writer import BundleWriter, now

__all__ = ["UNVERIFIED", "Bundle", "BundleWriter", "FileEntry", "RunInfo", "ShardEntry", "now"]
