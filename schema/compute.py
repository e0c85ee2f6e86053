"""pyarrow's functions, imported when one is first called.

Their import takes a sixth of the time in which a command reaches a running store, and most queries never need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow.compute as pc
else:

    class _Compute:
        """Stands for the module pyarrow.compute."""

        def __getattr__(self, name: str) -> Any:
            import pyarrow.compute

            return getattr(pyarrow.compute, name)

    pc = _Compute()

__all__ = ["pc"]
