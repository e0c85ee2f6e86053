"""The Java runtime and the server's jars, out of the `arcadedb-embedded` wheel, and how they are started.

The wheel's own Python module is never imported: it would start a Java machine inside this process.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from .folder import Folder

NEEDED_GLIBC = (2, 34)

ELSE = "use a Neo4j server instead: --store bolt://HOST"

_UNUSED = ("console", "graphql", "integration", "mcp", "postgresw", "python", "redisw")
"""arcadedb-* jars left off the class path: other protocols, import and export of files, the Python bridge."""

_HEAP = re.compile(r"[1-9][0-9]*[kmgKMG]")


class UnfitError(Exception):
    """This machine or these options cannot run the server; the message is for the user."""


def check_platform(system: str, libc: tuple[str, str]) -> None:
    """Raise UnfitError where the wheel's Java cannot run: `system` and `libc` as the platform module names them."""
    if system not in ("Linux", "Darwin"):
        raise UnfitError(f"the local store does not run on {system}; {ELSE}")
    if system != "Linux":
        return
    name, number = libc
    if name != "glibc":
        raise UnfitError(f"the local store needs glibc, this system has {name or 'another C library'}; {ELSE}")
    found = tuple(int(part) for part in re.findall(r"\d+", number)[:2])
    if found < NEEDED_GLIBC:
        raise UnfitError(f"the local store needs glibc 2.34 or newer, this system has {number}; {ELSE}")


def check_here() -> None:
    """Raise UnfitError where the wheel's Java cannot run on this machine."""
    check_platform(platform.system(), platform.libc_ver())


def check_heap(heap: str) -> str:
    """The heap size as Java takes it. Raises UnfitError."""
    if not _HEAP.fullmatch(heap):
        raise UnfitError(f"heap {heap!r} is not a size; expected a number and k, m or g, such as 2g")
    return heap


def young(heap: str) -> int:
    """MiB of the heap for new objects: room for a bulk request's, so that few of them are ever copied; a quarter of the
    heap. Left to itself Java begins far smaller, and spends a quarter of a load on collections."""
    number, unit = int(heap[:-1]), heap[-1].lower()
    return max(1, (number << {"k": 10, "m": 20, "g": 30}[unit]) >> 22)


def package() -> Path:
    """The folder of the installed wheel. Raises UnfitError."""
    spec = find_spec("arcadedb_embedded")
    if spec is None or not spec.submodule_search_locations:
        raise UnfitError(
            f"the local store needs the arcadedb-embedded package: pip install arcadedb-embedded, or {ELSE}"
        )
    return Path(spec.submodule_search_locations[0])


def server_version() -> str:
    """Name and version of the server, such as `ArcadeDB 26.10.2`."""
    try:
        found = version("arcadedb-embedded")
    except PackageNotFoundError:
        return "ArcadeDB"
    return f"ArcadeDB {re.sub(r'[.]post.*', '', found)}"


def java() -> Path:
    """The wheel's Java. Raises UnfitError."""
    path = package() / "jre" / "bin" / "java"
    if not path.is_file():
        raise UnfitError(f"{path} is missing: reinstall with pip install --force-reinstall arcadedb-embedded")
    return path


def class_path() -> str:
    """Every jar the server needs, and none of the rest."""
    jars = sorted((package() / "jars").glob("*.jar"))
    kept = [jar for jar in jars if not any(jar.name.startswith(f"arcadedb-{name}-") for name in _UNUSED)]
    return ":".join(str(jar) for jar in kept)


def command(folder: Folder, instance: str, heap: str, http: int, bolt: int, options: Sequence[str] = ()) -> list[str]:
    """The server's command line, with further options for Java. Passwords are not on it: they are in the users file."""
    settings = {
        "server.rootPath": folder.root,
        "server.databaseDirectory": folder.databases,
        "server.configDirectory": folder.config,
        "server.logsDirectory": folder.log,
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": http,
        "bolt.host": "127.0.0.1",
        "bolt.port": bolt,
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        # Production mode hides the messages of errors; what else it does is set here one by one.
        "server.mode": "development",
        "txWalFlush": 1,
        "opencypher.loadCsv.allowFileUrls": "false",
        "opencypher.loadCsv.allowRemoteUrls": "false",
        "polyglotEngineEnabled": "false",
        # 10,000 rows with embeddings do not fit the default of 16 MB.
        "bolt.maxMessageSize": 256 << 20,
        "server.saltIterations": 1000,
    }
    return [
        str(java()),
        *options,
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        f"-Xmn{young(heap)}m",
        "-XX:+ExitOnOutOfMemoryError",
        "--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        f"-Dneuronkb.instance={instance}",
        *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
        "-cp",
        class_path(),
        "com.arcadedb.server.ArcadeDBServer",
    ]
