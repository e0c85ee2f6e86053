"""A query by name, of the package or a person's own; an empty answer is looked into: a name that is not there, or
evidence that is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...queries import Query, Result, query
from ...queries.answers.catalogued import CheckedQueries, CheckedQuery
from ...queries.catalogue.corpora import JOBS as CORPUS_JOBS
from ...queries.catalogue.corpora import with_corpora
from ...queries.catalogue.evidence import MAKERS, Need
from ...queries.catalogue.own import OwnQueries
from ...queries.catalogue.unknown import unknown
from ...queries.result.near import near
from ...schema import NotFoundError, QueryError
from ...schema.numbers import check_number
from ..place import Place
from ..stores.base import Store
from ..stores.cypher_text import parsed


def read(store: Store, text: str, params: Mapping[str, Any], *, timeout: float | None, limit: int | None) -> Result:
    """The answer to a person's own Cypher; where it is empty, or all zero, with the names that the schema lacks."""
    found = _cut(store.read(text, params, timeout=timeout, limit=limit))
    if limit == 0 or any(any(row) for row in found.rows):
        return with_corpora(store, found)
    return replace(found, warnings=unknown(text, parsed))


def run(
    store: Store,
    place: Place,
    name: str,
    params: Mapping[str, Any],
    *,
    timeout: float | None = 60.0,
    limit: int | None = None,
) -> Result:
    """Rows of a query of the catalogue, or of one's own in `place`.

    Raises QueryError for an unknown name, a file that is no query or a wrong parameter and, where there are no rows,
    for a model or neuron that the store has not, or evidence that nobody made yet.
    """
    check_number("timeout", timeout, QueryError, least=0)
    check_number("limit", limit, QueryError, least=0)
    asked = OwnQueries(place.queries).query(name)
    values = asked.values(params)
    found = _cut(asked.run(store, timeout=timeout, limit=limit, **values))
    if not found.rows and limit != 0:
        _check_models(store, asked, values)
        _check_evidence(store, asked, values)
    return with_corpora(store, found, *_drawn_from(asked, values))


def _cut(answer: Result) -> Result:
    """With a word where there were more rows."""
    if not answer.truncated:
        return answer
    return replace(answer, warnings=(*answer.warnings, f"cut after {answer.limit} rows; --limit 0 shows all"))


def check(store: Store, place: Place, timeout: float | None = 60.0) -> CheckedQueries:
    """One's own queries with what the store says of each, and a line for each file that is none.

    A query is asked with its example for one row, which the store answers only where it compiles and writes nothing.
    """
    check_number("timeout", timeout, QueryError, least=0)
    listed = OwnQueries(place.queries).listed()
    checked = tuple(_checked(store, asked, timeout) for asked in listed.queries.values())
    return CheckedQueries(checked, listed.problems, str(place.queries))


def _checked(store: Store, asked: Query, timeout: float | None) -> CheckedQuery:
    try:
        columns = asked.run(store, timeout=timeout, limit=1, **asked.header.example).columns
        notes = unknown(asked.cypher, parsed)
    except QueryError as error:
        return CheckedQuery(asked.name, str(error), ())
    if columns != asked.header.columns:
        problem = f"gives {', '.join(columns)}, and its head comment says columns: {', '.join(asked.header.columns)}"
        return CheckedQuery(asked.name, problem, notes)
    return CheckedQuery(asked.name, None, notes)


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
            raise NotFoundError(f"no model {value!r} in the store{near(value, known)}")
        if parameter.type == "neuron" and not query("neuron").run(store, neuron=value).rows:
            model = value.rpartition("/L")[0]
            hint = near(model, known) if model not in known else f"; neuronkb cypher shows those of {model}"
            raise NotFoundError(f"no neuron {value!r} in the store{hint}")


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
