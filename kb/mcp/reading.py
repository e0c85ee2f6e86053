"""What an agent can read before it asks: the schema, the words, the catalogue; and prompts for whole looks."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ...queries.answers.ontology import schema
from ...queries.catalogue.query import public

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer


def add_resources(server: MCPServer[Any]) -> None:
    """The schema and the catalogue as JSON, the glossary as Markdown."""

    @server.resource("neuronkb://schema", mime_type="application/json")
    def schema_of_the_graph() -> str:
        """Labels, relationship types and properties, with what each is."""
        return json.dumps(schema(whole=True).json(), ensure_ascii=False)

    @server.resource("neuronkb://glossary", mime_type="text/markdown")
    def glossary() -> str:
        """The terms, each in a sentence."""
        return files("neuronkb.queries").joinpath("glossary.md").read_text("utf-8")

    @server.resource("neuronkb://catalogue", mime_type="application/json")
    def catalogue() -> str:
        """Queries that have a name: what each answers, and its parameters."""
        rows = [
            {"name": query.name, "purpose": query.purpose, "parameters": {p.name: p.doc for p in query.parameters}}
            for query in public().values()
        ]
        return json.dumps(rows, ensure_ascii=False)


def add_prompts(server: MCPServer[Any]) -> None:
    """Two whole looks: at a neuron, and at a base and its fine-tune."""

    @server.prompt()
    def look_at_a_neuron(neuron: str) -> str:
        """What does this neuron do, and how sure is that?"""
        return (
            f"Look at the neuron {neuron} with the tools card, n2g_show, explanations_show and similar_show. Say in a "
            "few sentences what it does: on which text it fires, what it writes, and which methods say so. Beside each "
            "statement give its number and that number's null; what does not exceed its null is not known. Say where "
            "methods contradict each other, and what evidence is missing (which command makes it)."
        )

    @server.prompt()
    def compare_base_and_fine_tune(base: str, tuned: str) -> str:
        """What did the fine-tune keep of its base, and what became of the findings?"""
        return (
            f"Compare {base} with its fine-tune {tuned}: links_diff for what changed by layer beside what noise of "
            "the same size would keep, findings_list and findings_carry for what became of noted findings, card of the "
            "most changed neurons. Say which layers changed beyond noise, which findings hold, and which are weakened, "
            "moved or lost, each with its numbers."
        )
