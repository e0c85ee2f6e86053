"""Evidence on disk: a folder of Parquet shards with a run and a manifest."""

from .layout import UNVERIFIED, FileEntry, RunInfo, ShardEntry
from .reader import Bundle
from .writer import BundleWriter, now

__all__ = ["UNVERIFIED", "Bundle", "BundleWriter", "FileEntry", "RunInfo", "ShardEntry", "now"]
