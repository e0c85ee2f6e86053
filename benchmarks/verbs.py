"""How long the verbs that only read take, and each query of the catalogue, over the demo's store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.queries import Query, public
from neuronkb.schema import NeuronKBError

from .report import Row

STORE = Path(".neuronkb")
WANTED = 2.0
"""Seconds that a query of the catalogue may take once the server is warm."""
ROUNDS = 3


def rates() -> Iterator[Row]:
    """CPU seconds of this process and of the store's server, the least of three rounds after a first one."""
    if not STORE.is_dir():
        print(f"verbs    left out: there is no {STORE}; make demo makes it")
        return
    with KnowledgeBase.open(STORE) as kb:
        server = psutil.Process(kb.store.status().pid)
        for name, ask, wanted in _verbs(kb):
            yield _row(name, ask, wanted, server)
        for name, found in public().items():
            if asked := _asked(kb, found):
                yield _row(f"queries run {name}", asked, WANTED, server)


def _verbs(kb: KnowledgeBase) -> Iterator[tuple[str, Callable[[], Any], float]]:
    """Name, call and the seconds wanted, of what the store can answer."""
    known = _known(kb)
    model, neuron, graphed = known.get("model"), known.get("neuron"), known.get("graphed")
    if model is None or neuron is None:
        return
    yield "words agree", lambda: kb.words.agree(model), 0.3
    yield "words disagree", lambda: kb.words.disagree(model), 0.3
    yield "card", lambda: kb.card(neuron), WANTED
    yield "words token", lambda: kb.words.token("july", model=model), WANTED
    yield "words concepts", lambda: kb.words.concepts(model=model), WANTED
    yield "similar show", lambda: kb.similar.show(neuron), 5.0
    yield "similar show --by vocabulary", lambda: kb.similar.show(neuron, by="vocabulary"), 5.0
    if pair := known.get("pair"):
        yield "findings carry", lambda: kb.findings.carry(*pair, preview=True), WANTED
    yield "search", lambda: kb.search("months of the year", now=True), 1.5
    if graphed is not None:
        yield "n2g predict", lambda: kb.n2g.predict(graphed, "It was in August"), 5.0
    yield "clamp run", lambda: kb.clamp.run(model, [neuron], prompt="In the month of", value=5.0, tokens=10), 10.0


def _asked(kb: KnowledgeBase, query: Query) -> Callable[[], Any] | None:
    """The query with names of this store; None where it asks for what the store has none of."""
    known, values = _known(kb), {}
    for parameter in query.parameters:
        if parameter.required:
            values[parameter.name] = known.get(parameter.type, query.header.example.get(parameter.name))
    ask = partial(kb.queries.run, query.name, timeout=None, **values)
    try:
        ask()
    except NeuronKBError:
        return None
    return ask


def _known(kb: KnowledgeBase) -> dict[str, Any]:
    """A model, a neuron and others of the store, by the type of a query's parameter."""
    texts = {
        "model": "MATCH (n:Neuron)-[:FIRES_ON_TOKEN]->() WITH n LIMIT 1 RETURN n.model",
        "neuron": "MATCH (n:Neuron)-[:FIRES_ON_TOKEN]->() WITH n LIMIT 1 RETURN n.id",
        "pair": "MATCH (:Finding)-[:ABOUT]->(a:Neuron)-[:COUNTERPART]->(b:Neuron) RETURN [a.model, b.model] LIMIT 1",
        "graphed": "MATCH (n:Neuron)-[:HAS_GRAPH]->(g:Graph {status: 'ok'}) RETURN n.id ORDER BY g.f1 DESC LIMIT 1",
    }
    found = {name: kb.cypher(text, timeout=None).rows for name, text in texts.items()}
    return {name: rows[0][0] for name, rows in found.items() if rows}


def _row(name: str, ask: Callable[[], Any], wanted: float, server: psutil.Process) -> Row:
    first = _spent(ask, server)
    least = min(_spent(ask, server) for _ in range(ROUNDS))
    return Row("verbs", f"{name} (first {first:.2f})", least, "CPU s", f"{wanted:g} s wanted", least / wanted)


def _spent(ask: Callable[[], Any], server: psutil.Process) -> float:
    """CPU seconds of both processes: other work on the machine does not count."""

    def now() -> float:
        times = server.cpu_times()
        return time.process_time() + times.user + times.system

    before = now()
    ask()
    return now() - before
