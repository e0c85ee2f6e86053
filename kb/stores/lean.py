"""Import this before `neo4j`: it keeps the driver from importing pandas.

The driver imports pandas wherever it is installed, to take data frames as parameters. We hand it none, and pandas is
two thirds of the time a command needs to reach a running store. A process that has pandas already pays nothing and is
left alone; so is one that imported the driver first.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from ...schema.compute import pc

_OPTIONAL = "neo4j._optional_deps"


def _without_pandas() -> ModuleType:
    import numpy
    import pyarrow

    module = ModuleType(_OPTIONAL)
    vars(module).update(np=numpy, pd=None, pa=pyarrow, pa_compute=pc)
    return module


def _import_driver() -> None:
    if "neo4j" in sys.modules or "pandas" in sys.modules:
        return
    sys.modules[_OPTIONAL] = _without_pandas()
    try:
        importlib.import_module("neo4j")
    except ImportError:
        # A driver that wants more of that module than we know of gets its own.
        for name in [name for name in sys.modules if name == "neo4j" or name.startswith("neo4j.")]:
            del sys.modules[name]


_import_driver()
