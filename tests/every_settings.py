"""The settings of all jobs: every class of settings in the package, found by its file."""

from __future__ import annotations

from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import neuronkb.ingest

FOLDER = Path(str(neuronkb.ingest.__file__)).parent
MODULES = tuple(f"neuronkb.ingest.{path.parent.name}.settings" for path in sorted(FOLDER.glob("*/settings.py")))


def _classes(module: str) -> list[Any]:
    found = vars(import_module(module)).values()
    return [cls for cls in found if is_dataclass(cls) and cls.__module__ == module and hasattr(cls, "of")]


SETTINGS: tuple[Any, ...] = tuple(cls for module in MODULES for cls in _classes(module))
NAMED = [(cls, name) for cls in SETTINGS for name in cls.__dataclass_fields__]
"""Every field of each."""
