"""The package list, the floors and the public face, held against what is on disk."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import neuronkb
import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {"schema": {"schema"}, "ingest": {"schema", "ingest"}, "queries": {"schema", "queries"}}
FLOORS["kb"] = {"schema", "ingest", "queries", "kb"}
ROOMS = {
    "queries": (("result", "statistics"), ("drawing",), ("catalogue",), ("answers",), ("__init__",)),
    "kb": (
        ("place",),
        ("stores",),
        ("search",),
        ("session", "kinds"),
        ("parameter",),
        ("verb", "names"),
        ("load",),
        ("inputs",),
        ("jobs",),
        ("nouns",),
        ("everyday",),
        ("knowledge_base",),
        ("limits",),
        ("doors",),
        ("mcp",),
        ("web",),
        ("cli",),
        ("docs", "__init__"),
    ),
}
"""What may import what lies before it, and nothing behind it; rooms side by side do not import each other."""
HEAVY = {"torch", "transformers", "sentence_transformers", "safetensors", "pandas"}


def packages() -> list[Path]:
    folders = [ROOT / floor for floor in FLOORS]
    return [folder for floor in folders for folder in [floor, *floor.rglob("*/")] if (folder / "__init__.py").exists()]


def modules() -> list[Path]:
    return [path for package in packages() for path in sorted(package.glob("*.py"))]


def imported(path: Path) -> set[tuple[str, ...]]:
    """The modules a file imports, as paths from the root: ("schema", "errors")."""
    here = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            rest = tuple(node.module.split(".")) if node.module else ()
            found |= {base + (rest or (name.name,)) for name in node.names}
    return found


def test_packages_are_the_folders_on_disk() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    on_disk = {"neuronkb", *("neuronkb." + ".".join(p.relative_to(ROOT).parts) for p in packages())}
    assert sorted(listed) == sorted(on_disk)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    floor = path.relative_to(ROOT).parts[0]
    assert {target[0] for target in imported(path)} <= FLOORS[floor]


@pytest.mark.parametrize("floor", list(ROOMS))
def test_rooms_import_what_lies_before_them(floor: str) -> None:
    order = {room: place for place, rooms in enumerate(ROOMS[floor]) for room in rooms}
    # A record that a notebook asks for its HTML.
    beside = {"result": {"drawing"}}
    for path in modules():
        here = path.relative_to(ROOT).with_suffix("").parts
        if here[0] != floor:
            continue
        room = here[1]
        assert room in order, f"{path}: {room} has no place among the rooms of {floor}"
        others = {target[1] for target in imported(path) if target[0] == floor and len(target) > 1} - {room}
        behind = {other for other in others if order.get(other, -1) >= order[room]} - beside.get(room, set())
        assert not behind, f"{path} imports {', '.join(sorted(behind))}"


def test_no_noun_imports_another() -> None:
    for path in (ROOT / "kb" / "nouns").glob("*.py"):
        assert not {target for target in imported(path) if target[:2] == ("kb", "nouns")}, path


def test_inside_the_package_imports_are_relative() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert not (node.module or "").startswith("neuronkb"), path


def test_public_face() -> None:
    names = {"Bundle", "KnowledgeBase", "NeuronId", "NeuronKBError", "Result", "__version__"}
    assert set(neuronkb.__all__) == names
    for name in names:
        assert getattr(neuronkb, name) is not None
    with pytest.raises(AttributeError, match="it has Bundle, KnowledgeBase"):
        neuronkb.Neuron  # noqa: B018


def test_version_is_the_packages() -> None:
    assert neuronkb.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize(
    "statement",
    [
        "from neuronkb.kb.cli import main",
        "from neuronkb import KnowledgeBase, Bundle; import neuronkb.kb.stores.local, neuronkb.kb.stores.neo4j",
        "import neuronkb.queries.answers.find, neuronkb.queries.answers.diff, neuronkb.kb.cli.sections; "
        "import neuronkb.kb.load.import_files",
    ],
)
def test_the_query_side_imports_nothing_heavy(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_help_imports_neither_arrow_nor_driver() -> None:
    code = "import neuronkb.kb.cli, sys\nprint(*sorted(set(sys.modules) & {'pyarrow', 'neo4j', 'rich', 'numpy'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
