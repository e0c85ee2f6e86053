"""The example notebook is its page, executed, and asks for nothing that the package does not have."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from typing import Any

import nbformat
import neuronkb
import pytest
from neuronkb import KnowledgeBase, Result
from neuronkb.examples.notebook.__main__ import ABSOLUTE, OUT, cells, notebook, story
from neuronkb.kb.verb import noun_class
from neuronkb.queries import catalogue

CODE = [source for kind, source in cells(story()) if kind == "code"]


@pytest.fixture(scope="module")
def written() -> Any:
    return nbformat.read(OUT, as_version=4)


def calls(source: str) -> Iterator[tuple[list[str], ast.Call]]:
    """Calls of `kb`'s methods and of its nouns', with the names that lead there: `["queries", "run"]`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, *names = ast.unparse(node.func).split(".")
            if owner == "kb" and all(map(str.isidentifier, names)):
                yield names, node


def test_it_is_a_valid_notebook_made_of_the_page(written: Any) -> None:
    nbformat.validate(written)
    made = notebook(story())
    assert [(cell.cell_type, cell.source) for cell in written.cells] == [
        (cell.cell_type, cell.source) for cell in made.cells
    ], "run: python -m examples.notebook"


def test_every_code_cell_was_executed_without_an_error(written: Any) -> None:
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = [output.output_type for cell in code for output in cell.outputs]
    assert "execute_result" in kinds
    assert not {"error", "display_data"} & set(kinds)
    assert all(getattr(output, "name", "stdout") == "stdout" for cell in code for output in cell.outputs)


def test_it_is_small_and_names_no_folder_of_the_machine_it_ran_on(written: Any) -> None:
    text = OUT.read_text("utf-8")
    assert len(text) < 200_000
    assert ABSOLUTE.search(text) is None
    assert ABSOLUTE.search('"in /home/me/x"')


@pytest.mark.parametrize("source", CODE)
def test_its_cells_use_names_that_are_there(source: str) -> None:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "neuronkb":
            assert {name.name for name in node.names} <= set(neuronkb.__all__)
    for names, call in calls(source):
        owner = KnowledgeBase if len(names) == 1 else noun_class(names[0])
        method = getattr(owner, names[-1])
        keywords = {each.arg: None for each in call.keywords if each.arg}
        inspect.signature(method).bind(None, *call.args, **keywords)


def test_the_catalogue_has_its_queries_and_results_their_forms() -> None:
    asked = [call for source in CODE for names, call in calls(source) if names == ["queries", "run"]]
    assert asked
    for call in asked:
        (name,) = (each.value for each in call.args if isinstance(each, ast.Constant))
        catalogue()[str(name)].values({str(each.arg): "m/L0/N0" for each in call.keywords})
    forms = {node.attr for source in CODE for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert {name for name in forms if name.startswith("to_")} <= set(dir(Result))


def test_a_page_without_code_is_one_cell() -> None:
    assert cells("# A\n\ntext\n") == [("markdown", "# A\n\ntext")]
    assert cells("a\n\n```python\nb\n```\n\nc\n") == [("markdown", "a"), ("code", "b"), ("markdown", "c")]
    assert json.loads(nbformat.writes(notebook("a\n")))["nbformat"] == 4
