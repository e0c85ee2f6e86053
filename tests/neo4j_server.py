"""A real Neo4j community server for tests and benchmarks, from Maven artifacts alone.

    with neo4j_server() as server:
        driver = GraphDatabase.driver(server.uri, auth=(server.user, server.password))

The jars are fetched once by the pinned pom beside this file and kept in NEURONKB_CACHE, or in the checkout's
`.cache`. Each server has a home, a port and a password of its own and is gone afterwards.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import neo4j
from filelock import FileLock

POM = Path(__file__).with_name("neo4j") / "pom.xml"
OPENED = ("java.nio", "java.io", "sun.nio.ch")
START_SECONDS = 180.0
STOP_SECONDS = 60.0

QUICK_JAVA = "-XX:TieredStopAtLevel=1"
"""Half of the time of servers that live for minutes goes to Java's second compiler."""

SETTINGS = {
    "server.default_listen_address": "127.0.0.1",
    "server.http.enabled": "false",
    "server.https.enabled": "false",
    "server.memory.pagecache.size": "512m",
    # Tests empty the database over and over: plans of the statements would be made anew each time.
    "dbms.cypher.min_replan_interval": "1h",
    "dbms.usage_report.enabled": "false",
    # What docker-compose.yml sets too: LOAD CSV reaches neither files nor other hosts.
    "dbms.security.allow_csv_import_from_file_urls": "false",
    "server.directories.import": "import",
    "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
}


class ServerUnavailable(Exception):
    """There can be no server here; the message says what is missing."""


def _need_java() -> None:
    if shutil.which("java") is None:
        raise ServerUnavailable("a Neo4j server needs Java 17 or newer, and there is no `java` on the PATH")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < 17:
        raise ServerUnavailable(f"a Neo4j server needs Java 17 or newer; `java -version` says {said.splitlines()[:1]}")


def version() -> str:
    """The server's version, as the pom pins it."""
    found = re.search(r"<neo4j\.version>(.+?)</neo4j\.version>", POM.read_text())
    assert found is not None, POM
    return found[1]


def jars() -> Path:
    """The folder with the server's jars, fetched on first use. Raises ServerUnavailable."""
    _need_java()
    kept = os.environ.get("NEURONKB_CACHE") or POM.parents[2] / ".cache"
    folder = Path(kept).resolve() / f"neo4j-{version()}"
    marker = folder / "complete"
    stamp = hashlib.sha256(POM.read_bytes()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not marker.is_file() or marker.read_text() != stamp:
            _fetch(folder)
            marker.write_text(stamp)
    return folder / "lib"


def _fetch(folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise ServerUnavailable("a Neo4j server is fetched by Maven, and there is no `mvn` on the PATH")
    shutil.rmtree(folder, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command += [f"-DoutputDirectory={folder / 'lib'}", "-DincludeScope=runtime"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerUnavailable(f"Maven could not fetch Neo4j {version()}: {done.stdout[-2000:]}{done.stderr[-500:]}")


class ImportPlan(Protocol):
    """Files for neo4j-admin and what it is called with there."""

    @property
    def folder(self) -> Path: ...

    @property
    def arguments(self) -> tuple[str, ...]: ...


@dataclass
class Server:
    """One server: started and stopped at will, its home kept between. `admin` works while it is stopped."""

    home: Path
    lib: Path
    heap: str = "1g"
    settings: Mapping[str, str] = field(default_factory=dict)
    java: Sequence[str] = ()
    """options for Java"""
    user: str = "neo4j"
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    """No dash in front, which neo4j-admin would take for an option."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        """Where its Bolt port listens."""
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return None if self.process is None else self.process.pid

    def prepare(self) -> None:
        """Lay out the home and set the password; before the first start."""
        for name in ("conf", "data", "logs", "plugins", "import"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self._configure()
        self.admin("dbms", "set-initial-password", self.password)

    def admin(self, *args: str, folder: Path | None = None) -> str:
        """Run neo4j-admin on this home, in `folder`, and hand back what it printed. Raises RuntimeError with that."""
        command = ["java", f"-Xmx{self.heap}", *self.java, f"-Dbasedir={self.home}", "-cp", f"{self.lib}/*", *_opens()]
        command += ["org.neo4j.server.startup.Neo4jAdminCommand", *args]
        env = {**os.environ, "NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=folder or self.home)
        if done.returncode:
            raise RuntimeError(f"neo4j-admin {' '.join(args[:2])}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def import_files(self, plan: ImportPlan) -> str:
        """Run the import that a plan describes, while the server is stopped."""
        return self.admin(*plan.arguments, folder=plan.folder)

    def start(self) -> None:
        """Start it on a free port and wait until it answers. Raises RuntimeError with the end of its log."""
        for attempt in range(3):  # another process may take the port between the choice and the start
            self.port = _free_port()
            self._configure()
            self._launch()
            if self._answers(time.monotonic() + START_SECONDS):
                return
            self.stop()
            if attempt == 2 or "Address already in use" not in self.log():
                raise RuntimeError(f"Neo4j did not start: {self.log()[-3000:]}")

    def stop(self, kill: bool = False) -> None:
        """Stop it and wait; `kill` as kill -9 does."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self) -> str:
        """What it printed since the last start."""
        return (self.home / "logs" / "console.log").read_text(errors="replace")

    def _configure(self) -> None:
        settings = {**SETTINGS, "server.bolt.listen_address": f"127.0.0.1:{self.port}"}
        settings |= {"server.memory.heap.max_size": self.heap, **self.settings}
        lines = "".join(f"{key}={value}\n" for key, value in settings.items())
        (self.home / "conf" / "neo4j.conf").write_text(lines)

    def _launch(self) -> None:
        command = ["java", f"-Xmx{self.heap}", *self.java, "-cp", f"{self.lib}/*", *_opens()]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home / 'conf'}"]
        if shutil.which("setpriv"):  # a test run that is killed takes its server along
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        with (self.home / "logs" / "console.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _answers(self, deadline: float) -> bool:
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                return False
            if _listens(self.port):
                return self._talks(deadline)
            time.sleep(0.1)
        return False

    def _talks(self, deadline: float) -> bool:
        with neo4j.GraphDatabase.driver(self.uri, auth=(self.user, self.password)) as driver:
            while time.monotonic() < deadline:
                try:
                    driver.verify_connectivity()
                    return True
                except (neo4j.exceptions.ServiceUnavailable, neo4j.exceptions.TransientError):
                    time.sleep(0.2)
        return False


@contextmanager
def neo4j_server(
    *, heap: str = "1g", settings: Mapping[str, str] | None = None, java: Sequence[str] = (), start: bool = True
) -> Iterator[Server]:
    """A server with an empty database in a temporary home; gone afterwards. Raises ServerUnavailable.

    `settings` go into neo4j.conf over the ones above; `start=False` leaves it stopped for `admin` to be used first.
    """
    lib = jars()
    with tempfile.TemporaryDirectory(prefix="neuronkb-neo4j-") as home:
        server = Server(Path(home).resolve(), lib, heap=heap, settings=settings or {}, java=java)
        server.prepare()
        try:
            if start:
                server.start()
            yield server
        finally:
            server.stop(kill=True)  # its home goes with it, and an orderly stop takes ten seconds


def _opens() -> list[str]:
    return [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
