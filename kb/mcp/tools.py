"""What an agent can ask: one call into the knowledge base each, answered as a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...queries.catalogue.parameter import Parameter
from ...queries.catalogue.query import public
from ...queries.result.result import Result
from ...schema import (
    NODES,
    RELATIONSHIPS,
    SCHEMA_VERSION,
    NeuronId,
    Node,
    Property,
    QueryError,
    Relationship,
    SchemaError,
)
from ..knowledge_base import KnowledgeBase
from ..nouns import catalogue as asking
from .limits import Limits
from .search import search

Answer = dict[str, Any]


@dataclass(frozen=True)
class Tools:
    """The tools of one server over one knowledge base."""

    kb: KnowledgeBase
    limits: Limits
    allow_write: bool = False

    def models(self) -> Answer:
        """The models in the store with their sizes and bases, and the runs that made evidence of them."""
        runs = self.kb.runs().dicts()
        made: dict[str, list[str]] = {}
        for row in runs:
            jobs = made.setdefault(row["model"], [])
            if row["job"] not in jobs:
                jobs.append(row["job"])
        return {"models": [row | {"evidence": sorted(made.get(row["model"], []))} for row in self.kb.models().dicts()]}

    def search(self, text: str, model: str | None = None, limit: int = 20) -> Answer:
        """Neurons whose evidence means a text, such as `months of the year`, best first, over all models or one. Each
        hit has its reasons: the evidence, its cosine and the null beside it. `by` says what searched: an embedding
        model, or words as typed where that cannot be asked, and `why`."""
        return search(self.kb, text, model, self.limits.count(limit))

    def neuron(self, neuron: str) -> Answer:
        """What is known of one neuron, such as google/gemma-3-270m/L9/N188: decoded tokens by projection and pole,
        activity on corpora, features it tells, explanations, what clamping it does, graphs of what it fires on, neurons
        like it, what it drives and what drives it, its counterparts in fine-tunes, findings, and the runs behind it."""
        from dataclasses import asdict

        card = asdict(self.kb.neuron(neuron))
        for one in card.get("activity", ()):
            for name in ("quantiles", "edges", "histogram"):
                one.pop(name, None)
            one["excerpts"] = [_excerpt(each) for each in one["excerpts"][:5]]
        return {name: value for name, value in card.items() if value not in (None, (), [])}

    def similar(self, neuron: str, by: str | None = None, model: str | None = None, limit: int = 10) -> Answer:
        """The neurons most like one, of its own model or of another in the store, beside what chance reaches: as
        matches stored them, else by weights. `by` is weights, vocabulary, tokens, graph, explanation or activation."""
        named = NeuronId.parse(neuron)
        known = [row["model"] for row in self.kb.models().dicts()]
        for asked in (named.model, model or named.model):
            if asked not in known:
                raise QueryError(f"no model {asked!r} in the store; known: {', '.join(known) or 'none'}")
        found = self.kb.similar(str(named), by, model=model, top=self.limits.count(limit))
        return {"neuron": str(named), "neighbours": list(found)}

    def diff(self, base: str, tuned: str, limit: int = 10) -> Answer:
        """What a fine-tune kept of its base, by layer and projection, beside what noise of the same size would keep,
        and the neurons it changed most."""
        found = self.kb.diff(base, tuned, top=self.limits.count(limit))
        return {
            "base": base,
            "tuned": tuned,
            "run": found.run,
            "mean_cosine": found.mean_cosine,
            "layers": list(found.layers),
            "changes": list(found.changes),
        }

    def findings(self, model: str | None = None, finding: str | None = None) -> Answer:
        """Notes that people made about neurons, all or of a model; or one by its id, with what became of it in
        fine-tunes."""
        if finding is not None:
            card = self.kb.findings.show(finding)
            return {"finding": card.finding, "carried": list(card.carried)}
        return {"findings": list(self.kb.findings.list(model))}

    def carry(self, base: str, tuned: str) -> Answer:
        """Judge every finding of a base in its fine-tune: holds, weakened, moved, lost or untested, with the numbers
        behind each verdict. Stored only where the server was started to allow it; else a preview."""
        found = self.kb.findings.carry(base, tuned, write=self.allow_write)
        return {
            "run": found.run,
            "stored": found.load is not None,
            "counts": found.counts,
            "note": found.note,
            "carries": list(found.carries),
        }

    def note(self, text: str, about: list[str], author: str | None = None, evidence: list[str] | None = None) -> Answer:
        """Note a finding about neurons of one model."""
        return {"finding": self.kb.findings.add(text, about, author=author, evidence=evidence or ())}

    def cypher(
        self, query: str, params: dict[str, Any] | None = None, limit: int | None = None, seconds: float | None = None
    ) -> Answer:
        """Run Cypher that only reads, with $name parameters; nothing can be written, and no file or address be read.
        The tool `schema` says what labels, types and properties there are."""
        rows = self.kb.cypher(query, params or {}, timeout=self.limits.time(seconds), limit=self.limits.count(limit))
        return self._rows(rows)

    def queries(self) -> Answer:
        """The catalogue: named queries with what they answer and their parameters, to be run by the tool `query`."""
        return {
            "queries": [
                {
                    "name": one.name,
                    "purpose": one.purpose,
                    "parameters": {p.name: _parameter(p) for p in one.parameters},
                }
                for one in public().values()
            ]
        }

    def query(self, name: str, params: dict[str, Any] | None = None, limit: int | None = None) -> Answer:
        """Run a query of the catalogue by name. A parameter that has a default may be left out."""
        rows, seconds = self.limits.count(limit), self.limits.seconds
        return self._rows(asking.run(self.kb.store, name, params or {}, timeout=seconds, limit=rows))

    def schema(self, about: str | None = None) -> Answer:
        """The graph's labels and relationship types with their properties; with `about`, one of them in full."""
        if about is None:
            note = "pole is +1 or -1: the side of the hidden value, or of a row's ranking"
            return {"version": SCHEMA_VERSION, "note": note, **_described([*NODES.values()], [*RELATIONSHIPS.values()])}
        nodes = [node for node in NODES.values() if node.label == about]
        rels = [rel for rel in RELATIONSHIPS.values() if rel.type == about]
        if not nodes and not rels:
            known = ", ".join(dict.fromkeys([*NODES, *(rel.type for rel in RELATIONSHIPS.values())]))
            raise SchemaError(f"unknown label or type {about!r}; known: {known}")
        return _described(nodes, rels, whole=True)

    def _rows(self, found: Result) -> Answer:
        answer: Answer = {"columns": list(found.columns), "rows": [list(row) for row in found.rows]}
        if found.corpora:
            answer["corpora"] = dict(found.corpora)
        if found.truncated:
            answer["more"] = f"cut after {found.limit} rows; ask for fewer with LIMIT, or narrow the question"
        return answer


def _parameter(found: Parameter) -> str:
    """`int = 10; how many`"""
    default = "" if found.required else f" = {found.default!r}"
    choices = f" of {' | '.join(map(str, found.choices))}" if found.choices else ""
    return f"{found.type}{choices}{default}; {found.doc}"


def _described(nodes: list[Node], rels: list[Relationship], whole: bool = False) -> Answer:
    """Labels and types with their properties' kinds, and what each property is when `whole`."""

    def held(properties: tuple[Property, ...]) -> dict[str, str]:
        return {p.name: f"{p.kind}: {p.doc}" if whole else p.kind for p in properties}

    return {
        "nodes": [{"label": node.label, "is": node.doc, "properties": held(node.properties)} for node in nodes],
        "relationships": [
            {
                "pattern": f"(:{rel.start})-[:{rel.type}]->(:{rel.end})",
                "is": rel.doc,
                "properties": held(rel.properties),
            }
            for rel in rels
        ],
    }


def _excerpt(found: dict[str, Any]) -> dict[str, Any]:
    """A window as text, with the token on which the neuron is largest and the signs of gate and up there."""
    values = list(found["activations"])
    peak = values.index(max(values)) if values else None
    return {
        "band": found["band"],
        "activation": found["activation"],
        "text": "".join(found["tokens"]),
        "peak": None if peak is None else found["tokens"][peak],
        "signs": found["signs"][peak] if found["signs"] and peak is not None else None,
    }
