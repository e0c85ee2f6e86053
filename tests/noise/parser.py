"""One parser met with noise: what it answered, refused, and did that it should not."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from neuronkb.schema import NeuronKBError

from .mutate import Mutator

MEMORY = 256 * 2**20
"""Bytes that reading a small input may take."""
LONGEST = 2000
"""Characters of an error."""


@dataclass(frozen=True)
class Parser:
    """An entry for outside input. `read` also uses what was read: writes, hashes or counts it."""

    name: str
    samples: Mapping[str, bytes]
    """file -> valid content; all lie in a folder that `read` is given"""
    read: Callable[[Path], object]
    mutate: Mutator | Mapping[str, Mutator]
    """one for all files, or one a file; a file without one stays as it is"""
    named: bool = True
    """an error names a file"""
    share: float = 1.0
    """of the inputs that others get: less where reading is slow"""
    refuses: tuple[type[Exception], ...] = (NeuronKBError,)


@dataclass
class Met:
    """What became of the inputs."""

    parser: str
    inputs: int = 0
    answers: int = 0
    refused: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    """what went wrong -> the first input that made it"""
    worst_seconds: float = 0.0
    worst_bytes: int = 0


def meet(parser: Parser, count: int, seed: int, folder: Path) -> Met:
    """Read `count` inputs made of the samples' files, one of which is noise."""
    met = Met(parser.name)
    lay(parser, folder)
    parser.read(folder)
    for number in range(max(1, round(count * parser.share))):
        random = Random(f"{seed}/{parser.name}/{number}")
        name = random.choice(list(parser.mutate if isinstance(parser.mutate, Mapping) else parser.samples))
        mutate = parser.mutate[name] if isinstance(parser.mutate, Mapping) else parser.mutate
        lay(parser, folder)
        (folder / name).write_bytes(mutate(parser.samples[name], random))
        _read(parser, folder, f"seed {seed}, input {number}, {name}", met)
    return met


def lay(parser: Parser, folder: Path) -> None:
    """The valid files, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in parser.samples.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _read(parser: Parser, folder: Path, where: str, met: Met) -> None:
    before, began = _forget_peak(), time.perf_counter()
    met.inputs += 1
    try:
        parser.read(folder)
        met.answers += 1
    except parser.refuses as error:
        met.refused += 1
        for fault in _faults(parser, folder, error):
            met.faults.setdefault(fault, where)
    except BaseException as error:
        # Also what Rust libraries raise, which is no Exception.
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        met.faults.setdefault(f"{type(error).__name__}: {ascii(str(error))[:100]} {_place(error)}", where)
    met.worst_seconds = max(met.worst_seconds, time.perf_counter() - began)
    taken = _peak() - before
    met.worst_bytes = max(met.worst_bytes, taken)
    if taken > MEMORY:
        met.faults.setdefault(f"took more than {MEMORY >> 20} MiB", where)


def _faults(parser: Parser, folder: Path, error: Exception) -> list[str]:
    found, said = [], str(error)
    # What a user typed may be told as long as it was typed.
    if len(said.splitlines()) != 1 or (isinstance(error, NeuronKBError) and len(said) > LONGEST):
        found.append(f"an error that is no short line: {ascii(said)[:100]}")
    with suppress(UnicodeEncodeError):
        said.encode()
        names = (str(folder), folder.name, *(Path(name).name for name in parser.samples))
        if parser.named and not any(name in said for name in names):
            found.append(f"an error that names no file: {ascii(said)[:100]}")
        return found
    return [*found, f"an error that cannot be printed: {ascii(said)[:100]}"]


def _place(error: BaseException) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f"({Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno})" if at is not None else ""


def _forget_peak() -> int:
    """Start the measurement of memory anew; bytes in use now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
