"""The neutral prompts that clamps are measured on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ...schema import ModelError, digest


def shipped() -> tuple[str, ...]:
    """Twenty beginnings after which almost any noun can come."""
    return _lines(files(__package__).joinpath("prompts.txt").read_text("utf-8"))


def read_prompts(path: str | Path) -> tuple[str, ...]:
    """One prompt a line. Raises ModelError for a file that cannot be read or holds none."""
    try:
        found = _lines(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: the prompts cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path}: the prompts are not UTF-8 text") from None
    if not found:
        raise ModelError(f"{path}: no prompt in it; write one a line")
    return found


def prompts_hash(prompts: tuple[str, ...]) -> str:
    """Hex sha256 of the prompts in their order."""
    return digest({"prompts": list(prompts)})


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
