"""A catalogue query by name; an empty answer is looked into: a name that is not there, or evidence that is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...queries import Query, Result, query
from ...queries.catalogue.corpora import JOBS as CORPUS_JOBS
from ...queries.catalogue.corpora import with_corpora
from ...queries.catalogue.evidence import MAKERS, Need
from ...queries.catalogue.unknown import unknown
from ...queries.result.near import near
from ...schema import QueryError
from ...schema.numbers import check_number
from ..stores.base import Store
from ..stores.cypher_text import parsed


def read(store: Store, text: str, params: Mapping[str, Any], *, timeout: float | None, limit: int | None) -> Result:
    """The answer to a person's own Cypher; where it is empty, or all zero, with the names that the schema lacks."""
    found = store.read(text, params, timeout=timeout, limit=limit)
    if limit == 0 or any(any(row) for row in found.rows):
        return with_corpora(store, found)
    return replace(found, warnings=unknown(text, parsed))


def run(
    store: Store, name: str, params: Mapping[str, Any], *, timeout: float | None = 60.0, limit: int | None = None
) -> Result:
    """Rows of a query of the catalogue.

    Raises QueryError for an unknown name or a wrong parameter and, where there are no rows, for a model or neuron that
    the store has not, or evidence that nobody made yet.
    """
    check_number("timeout", timeout, QueryError, least=0)
    check_number("limit", limit, QueryError, least=0)
    asked = query(name)
    values = asked.values(params)
    found = asked.run(store, timeout=timeout, limit=limit, **values)
    if not found.rows and limit != 0:
        _check_models(store, asked, values)
        _check_evidence(store, asked, values)
    return with_corpora(store, found, *_drawn_from(asked, values))


def _drawn_from(asked: Query, values: Mapping[str, Any]) -> tuple[set[str], str | None]:
    """The jobs over corpora whose runs the rows are of, and of which model; no job where a run or no model is named."""
    models = [values[p.name] for p in asked.parameters if p.type == "model" and values[p.name]]
    neurons = [values[p.name].rpartition("/L")[0] for p in asked.parameters if p.type == "neuron" and values[p.name]]
    model = next(iter(models + neurons), None)
    if model is None or values.get("run") is not None:
        return set(), None
    return {need.maker for need in asked.header.needs} & set(CORPUS_JOBS), model


def _check_models(store: Store, asked: Query, values: Mapping[str, Any]) -> None:
    """Raise QueryError when a model or a neuron that was asked for is not in the store."""
    known = [row["model"] for row in query("models").run(store).dicts()]
    for parameter in asked.parameters:
        value = values[parameter.name]
        if value is None:
            continue
        if parameter.type == "model" and value not in known:
            raise QueryError(f"no model {value!r} in the store{near(value, known)}")
        if parameter.type == "neuron" and not query("neuron").run(store, neuron=value).rows:
            model = value.rpartition("/L")[0]
            hint = near(model, known) if model not in known else f"; neuronkb query shows those of {model}"
            raise QueryError(f"no neuron {value!r} in the store{hint}")


def _check_evidence(store: Store, asked: Query, values: Mapping[str, Any]) -> None:
    """Raise QueryError when evidence that the query needs is not in the store, or was not made of the model asked."""
    needs = asked.header.needs
    if not needs:
        return
    status = store.status()
    held = {*status.nodes, *status.relationships}
    model = next((values[p.name] for p in asked.parameters if p.type == "model" and values[p.name]), None)
    jobs = None if model is None else {row["job"] for row in query("runs").run(store, model=model).dicts()}
    missing = [need for need in needs if not _made(need, held, jobs)]
    if missing if not asked.header.any_need else len(missing) == len(needs):
        of = f" of {model!r}" if model else ""
        ways = " or ".join(dict.fromkeys(MAKERS[need.maker].command for need in missing))
        names = ", ".join(dict.fromkeys(name for need in missing for name in need.names))
        raise QueryError(f"query {asked.name!r} needs {names}{of}, which nobody made yet; {ways} makes it")


def _made(need: Need, held: set[str], jobs: set[str] | None) -> bool:
    """Whether the store holds rows of every name and, where `jobs` of one model are given, one of them made such."""
    maker = MAKERS[need.maker]
    if not {name.removesuffix(" weights").removesuffix(" activations") for name in need.names} <= held:
        return False
    return jobs is None or not maker.of_one_model or bool(jobs & set(maker.jobs))
