"""What tests of several floors share: one real Neo4j a test run, emptied for each test that asks for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import pytest
from filelock import FileLock
from hypothesis import settings
from neuronkb.kb.stores.arcade import java_cache
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.bolt import _fingerprint
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.schema import NODES, SCHEMA_VERSION
from neuronkb.tests import planted

from tests.filled import Filling, emptied, holding
from tests.neo4j_server import QUICK_JAVA, Server, ServerUnavailable
from tests.neo4j_server import neo4j_server as running

# A test that is slow on a busy machine is not wrong.
settings.register_profile("neuronkb", deadline=None)
settings.load_profile("neuronkb")


LONG = (
    "tests/noise/test_noise.py",
    "tests/queries/test_catalogue_demo.py",
    "tests/faults/test_faults.py",
    "tests/kb/load/test_many_loaders.py",
    "tests/kb/load/test_import_files.py",
    "tests/kb/load/test_keepsakes.py",
    "tests/kb/stores/test_local_load.py",
    "tests/kb/web/test_real_pages.py",
)
"""Files that take minutes: they come first, so that no process is left alone with one of them at the end."""


ABOVE = ("tests/kb/jobs/", "tests/kb/nouns/", "tests/kb/mcp/", "tests/kb/inputs/", "tests/kb/test_")
"""What stands above the stores is the same code on both: on Neo4j it is tried with `--long` alone."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` for what `make long` runs."""
    parser.addoption("--long", action="store_true", help="run the tests that are marked long too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out unless asked for. Put the long files in front; the others stay in their order."""
    if not config.getoption("--long"):
        left = [item for item in items if _long(item)]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in {*left}]
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONG)))


def _long(item: pytest.Item) -> bool:
    """Whether a test is marked long, or is with the parameters of the mark, such as `long("neo4j")`."""
    given = set(item.name.partition("[")[2].rstrip("]").split("-"))
    if "neo4j" in given and item.nodeid.startswith(ABOVE):
        return True
    return any(not mark.args or given & {*mark.args} for mark in item.iter_markers("long"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seconds that each folder of tests took, over all workers; set-up and teardown count."""
    seconds: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = "/".join(report.nodeid.split("::")[0].split("/")[:-1][:3])
                seconds[folder] = seconds.get(folder, 0.0) + report.duration
    if len(seconds) > 1:
        terminalreporter.section("seconds by folder")
        for folder, spent in sorted(seconds.items(), key=lambda item: -item[1]):
            terminalreporter.write_line(f"{spent:8.1f}  {folder}")


@pytest.fixture(scope="session", autouse=True)
def user_cache(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Path]:
    """A cache folder of the tests' own, for them and for the processes that they start.

    Java's cache of the local server is made once and kept. Its second compiler, which pays off after minutes, is off.
    """
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("cache")
        patched.setenv("XDG_CACHE_HOME", str(folder))
        patched.setenv("NEURONKB_JAVA_OPTIONS", QUICK_JAVA)
        kept = model_cache / "java"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "neuronkb").mkdir()
        (folder / "neuronkb" / "java").symlink_to(kept.resolve())
        with FileLock(f"{kept}.lock"):
            java_cache.make()
        yield folder


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Server]:
    """A Neo4j server. Skips where there can be none; with NEURONKB_REQUIRE_NEO4J=1 that is a failure."""
    try:
        with running(java=[QUICK_JAVA]) as server:
            yield server
    except ServerUnavailable as error:
        if os.environ.get("NEURONKB_REQUIRE_NEO4J") == "1":
            pytest.fail(f"NEURONKB_REQUIRE_NEO4J=1 and {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def neo4j_store(neo4j_server: Server) -> Iterator[Neo4jStore]:
    """An empty store on it, set up."""
    with Neo4jStore.open(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as store:
        emptied(store, lambda: cleared(neo4j_server, store))
        yield store


def cleared(server: Server, store: Neo4jStore) -> None:
    """Take everything out of a server's store, and set it up."""
    empty(server)
    store.setup()


def empty(server: Server) -> None:
    """Take everything out, and indexes over vectors; what says that the other indexes are made stays where they are."""
    auth = (server.user, server.password)
    made = {"version": SCHEMA_VERSION, "statements": _fingerprint()}
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver, driver.session() as session:
        kept = "n:Schema AND n.version = $version AND n.statements = $statements"
        gone = f"MATCH (n) WHERE NOT coalesce({kept}, false)"
        session.run(f"{gone} CALL (n) {{DETACH DELETE n}} IN TRANSACTIONS OF 5000 ROWS", made).consume()
        session.run(
            "MATCH (s:Schema) SET s = $made MERGE (:Schema {id: 'load'})", made={"id": "schema", **made}
        ).consume()
        for name in session.run("SHOW VECTOR INDEXES YIELD name").value():
            session.run(f"DROP INDEX `{name}`").consume()


def bare(server: Server) -> None:
    """Take everything out, as before its first set-up."""
    auth = (server.user, server.password)
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver, driver.session() as session:
        session.run("MATCH (n) CALL (n) {DETACH DELETE n} IN TRANSACTIONS OF 5000 ROWS").consume()
        for kind, kinds, which in (("CONSTRAINT", "CONSTRAINTS", ""), ("INDEX", "INDEXES", "WHERE type <> 'LOOKUP'")):
            for name in session.run(f"SHOW {kinds} YIELD name, type {which} RETURN name").value():
                session.run(f"DROP {kind} `{name}`").consume()


@pytest.fixture(scope="session")
def local_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a local store whose server runs for the whole test run."""
    folder = tmp_path_factory.mktemp("local") / "store"
    LocalStore.open(folder).close()
    yield folder
    stop(folder)


@pytest.fixture
def local_store(local_folder: Path) -> Iterator[LocalStore]:
    """An empty local store, set up."""
    with LocalStore.open(local_folder) as store:
        emptied(store, lambda: clear(store))
        yield store


def clear(store: Store) -> None:
    """Set a local store up and take everything out."""
    store.setup()
    while store.write("MATCH (n) WHERE NOT n:Schema WITH n LIMIT 20000 DETACH DELETE n RETURN count(n)").rows[0][0]:
        pass
    # An index over vectors refuses those of another size, such as another test's.
    for node in NODES.values():
        for prop in node.properties:
            if prop.index == "vector":
                store.drop_vector_index(node, prop)


@pytest.fixture(params=["local", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn, empty and set up: what every store must do."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


def held(store: LocalStore, load: Callable[[Store], object]) -> Store:
    """A local store with what `load`, a function of a module, puts in and nothing else."""
    return holding(store, lambda: clear(store), load)


@pytest.fixture
def local_filling(
    request: pytest.FixtureRequest, local_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filling]:
    """The local store, to be filled once for the tests of a file that only read."""
    with LocalStore.open(local_folder) as store:
        yield Filling(store, lambda: clear(store), lambda: tmp_path_factory.mktemp("filled"), str(request.path))


@pytest.fixture
def neo4j_filling(
    request: pytest.FixtureRequest, neo4j_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filling]:
    """The Neo4j store, to be filled once for the tests of a file that only read."""
    with Neo4jStore.open(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as store:
        yield Filling(
            store, lambda: cleared(neo4j_server, store), lambda: tmp_path_factory.mktemp("filled"), str(request.path)
        )


@pytest.fixture(params=["local", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def filling(request: pytest.FixtureRequest) -> Filling:
    """Each store in turn, to be filled once for the tests of a file that only read."""
    found: Filling = request.getfixturevalue(f"{request.param}_filling")
    return found


@pytest.fixture(scope="session")
def planted_models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of the planted base and its fine-tune."""
    root = tmp_path_factory.mktemp("planted")
    base = planted.base(root / "base")
    return base, planted.tuned(base, root / "tuned")


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """Where the demo keeps the converted model too."""
    return Path(os.environ.get("NEURONKB_CACHE") or Path(__file__).resolve().parents[1] / ".cache")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="module")
def demo_folder(run_folder: Path, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of its own of the store that tests/demo_store.py builds."""
    from tests import demo_store

    folder = tmp_path_factory.mktemp("demo") / "store"
    shutil.copytree(demo_store.kept(run_folder, model_cache), folder)
    return folder
