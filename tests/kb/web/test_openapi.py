"""The OpenAPI document: valid, of the routes that there are, and true of what they take and answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from neuronkb.kb.doors import CEILINGS, Offer, offers
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.limits import Limits
from neuronkb.kb.parameter import Misread, Parameter
from neuronkb.kb.session import Session
from neuronkb.schema import QueryError
from neuronkb.tests.everything import MONTHS

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.web.app import application
from neuronkb.kb.web.routes import path
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route
from starlette.testclient import TestClient

HERE = "http://127.0.0.1"
LIMITS = Limits(seconds=7.0, rows=50)
FIXED = {("GET", "/api"), ("GET", "/api/openapi.json"), ("GET", "/api/work/{piece}")}
FIXED |= {("GET", "/api/feature/{model}/{layer}/{index}")}
FEATURE = "/api/feature/gemma-3-270m/9/188"
OFFERS = offers(allow_write=True)


def served(allow_write: bool, token: str | None = None) -> tuple[Any, dict[str, Any]]:
    """An application without a store, and what it says of itself."""
    session = Session.at("nowhere", create=False)
    app = application(session, allow_write=allow_write, limits=LIMITS, token=token, mcp=False)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = TestClient(app, base_url=HERE).get("/api/openapi.json", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return app, answer.json()


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """The document of a server that may write."""
    return served(True)[1]


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(way.upper(), at): one for at, ways in document["paths"].items() for way, one in ways.items()}


@pytest.mark.parametrize("allow_write", [False, True])
def test_it_is_of_the_routes_that_there_are(allow_write: bool) -> None:
    app, document = served(allow_write)
    routed = {
        (method, route.path.replace(":path", ""))
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/api") and "{rest" not in route.path
        for method in (route.methods or set()) - {"HEAD"}
    }
    said = operations(document)
    assert set(said) == routed - {("GET", "/api/docs")}
    offered = offers(allow_write=allow_write).values()
    assert set(said) - FIXED == {("POST" if offer.waits else "GET", path(offer)) for offer in offered}
    ids = [one["operationId"] for one in said.values()]
    assert len(set(ids)) == len(ids)
    assert said["GET", "/api/n2g/show"]["operationId"] == "n2g_show"
    assert (("POST", "/api/findings/add") in said) == allow_write


@pytest.mark.parametrize("token", [None, "secret"])
def test_it_is_valid(token: str | None) -> None:
    document = served(True, token)[1]
    OpenAPIV31SpecValidator(document).validate()
    assert ("security" in document) == (token is not None)
    assert "secret" not in json.dumps(document)


def test_a_broken_document_is_none(whole: dict[str, Any]) -> None:
    """So that the test above can fail."""
    broken = json.loads(json.dumps(whole))
    broken["paths"]["/api/n2g/show"]["get"]["parameters"][0]["in"] = "nowhere"
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def values_of(schema: dict[str, Any]) -> Any:
    """A value that the schema allows; of a list two, where one of them may be a range that one too."""
    if "anyOf" in schema:
        return values_of(schema["anyOf"][0])
    if schema["type"] == "array":
        items = schema["items"]
        more = ["3-5"] if "anyOf" in items else [values_of(items)]
        return [values_of(items), *more]
    if "enum" in schema:
        return schema["enum"][-1]
    if schema["type"] in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 2))
        return type(low)(high) if "maximum" in schema else low + (high - low) / 2 if isinstance(low, float) else low + 1
    return {"boolean": True, "string": "a, b", "object": {"x": [1, "é&"]}}[schema["type"]]


def written(one: dict[str, Any], value: Any) -> list[tuple[str, str]]:
    """A value in a query string, as OpenAPI says for the parameter."""
    if "content" in one:
        return [(one["name"], json.dumps(value))]
    assert one["in"] == "query"
    if not isinstance(value, list):
        return [(one["name"], text(value))]
    if one["explode"]:
        return [(one["name"], text(part)) for part in value]
    return [(one["name"], ",".join(map(text, value)))]


def text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


class Asked(Exception):
    """Ends a question before the store is asked."""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The values that verbs are asked with; none is answered."""
    values: list[dict[str, Any]] = []

    def ask(offer: Offer, session: Any, given: dict[str, Any], limits: Any = None) -> Any:
        values.append(dict(given))
        raise Asked

    monkeypatch.setattr(Offer, "ask", ask)
    return values


def test_what_is_written_as_it_says_is_what_the_verb_takes(whole: dict[str, Any], heard: list[dict[str, Any]]) -> None:
    client = TestClient(served(True)[0], base_url=HERE)
    seen = set()
    for offer in OFFERS.values():
        if offer.waits:
            continue
        asked = whole["paths"][path(offer)]["get"]["parameters"]
        assert [one["name"] for one in asked] == [one.name for one in offer.parameters]
        schemas = [one.get("schema") or one["content"]["application/json"]["schema"] for one in asked]
        for one, parameter in zip(asked, offer.parameters, strict=True):
            assert one.get("explode") == (not parameter.listed if parameter.many else None)
        values = {one["name"]: values_of(schema) for one, schema in zip(asked, schemas, strict=True)}
        pairs = [pair for one in asked for pair in written(one, values[one["name"]])]
        heard.clear()
        client.get(f"{path(offer)}?{urlencode(pairs)}")
        (given,) = heard
        for parameter in offer.parameters:
            assert parameter.read(given[parameter.name]) == meant(values[parameter.name]), (offer.name, parameter.name)
            seen.add((parameter.type, parameter.many))
    assert {("text", True), ("whole", True), ("choice", True), ("pairs", False), ("flag", False)} <= seen


def meant(value: Any) -> Any:
    """What a verb has of a value: a list as a tuple, a range of numbers as these."""
    if isinstance(value, list):
        return tuple(number for part in value for number in ((3, 4, 5) if part == "3-5" else (part,)))
    return value


def schemas(document: dict[str, Any]) -> Iterator[tuple[Offer, Parameter, dict[str, Any], bool]]:
    """Each parameter of each verb with its schema, and whether it must be given."""
    for offer in OFFERS.values():
        if offer.waits:
            body = document["paths"][path(offer)]["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert body["additionalProperties"] is False
            for one in offer.parameters:
                yield offer, one, body["properties"][one.name], one.name in body.get("required", ())
        else:
            listed = {one["name"]: one for one in document["paths"][path(offer)]["get"]["parameters"]}
            for one in offer.parameters:
                said = listed[one.name]
                yield offer, one, said.get("schema") or said["content"]["application/json"]["schema"], said["required"]


def refused(offer: Offer, one: Parameter, value: Any) -> bool:
    """Whether the server refuses a value."""
    with suppress(Misread, QueryError):
        one.read(value)
        if one.name in CEILINGS and not offer.waits:
            getattr(LIMITS, CEILINGS[one.name])(value)
        return False
    return True


def test_limits_choices_and_defaults_are_those_of_the_verb(whole: dict[str, Any]) -> None:
    bounds = 0
    for offer, one, schema, required in schemas(whole):
        assert required == one.required, (offer.name, one.name)
        if "default" in schema:
            assert not refused(offer, one, schema["default"])
        else:
            assert required or one.default is None, (offer.name, one.name)
        inner = schema["items"] if one.many else schema
        inner = inner["anyOf"][0] if "anyOf" in inner else inner
        assert tuple(inner.get("enum", ())) == one.choices
        step = 1 if inner.get("type") == "integer" else 1e-6
        for name, way in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", -1), ("exclusiveMaximum", 1)):
            if name in inner:
                inside = name in ("minimum", "maximum")
                assert refused(offer, one, inner[name]) != inside, (offer.name, one.name, name)
                assert refused(offer, one, inner[name] + way * step), (offer.name, one.name, name)
                bounds += 1
        if one.range is not None and not bounded(inner):
            assert one.range.words == ""
    assert bounds > 30


def bounded(schema: dict[str, Any]) -> bool:
    return any(name in schema for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))


def test_a_ceiling_is_the_default_of_who_asks_for_more(whole: dict[str, Any]) -> None:
    asked = {one["name"]: one["schema"] for one in whole["paths"]["/api/cypher"]["get"]["parameters"][2:]}
    assert (asked["limit"]["default"], asked["timeout"]["default"]) == (50, 7.0)
    assert OFFERS["cypher"].parameters[-1].default == 1000


def test_answers_are_as_it_says(plain: KnowledgeBase, whole: dict[str, Any]) -> None:
    client = TestClient(application(plain.session, allow_write=True, mcp=False), base_url=HERE)
    questions = {
        "/api": 200,
        f"/api/card?neuron={MONTHS}": 200,
        "/api/models/list": 200,
        "/api/card": 400,
        "/api/card?neuron=m/L0/N0": 404,
    }
    feature = "/api/feature/{model}/{layer}/{index}"
    conforms(whole, whole["paths"][feature]["get"]["responses"]["200"], client.get(FEATURE).json())
    for at, status in questions.items():
        answer = client.get(at)
        assert answer.status_code == status
        said = whole["paths"][at.partition("?")[0]]["get"]["responses"][str(status)]
        conforms(whole, said, answer.json())
    begun = client.post("/api/clamp/run", json={"prompt": "x"})
    conforms(whole, whole["paths"]["/api/clamp/run"]["post"]["responses"]["202"], begun.json())
    piece = client.get(begun.headers["location"]).json()
    conforms(whole, whole["paths"]["/api/work/{piece}"]["get"]["responses"]["200"], piece)
    assert not fits(whole, {"$ref": "#/components/schemas/Work"}, piece | {"state": "lost"})


def conforms(document: dict[str, Any], said: dict[str, Any], answer: Any) -> None:
    assert fits(document, said["content"]["application/json"]["schema"], answer)


def fits(document: dict[str, Any], schema: dict[str, Any], answer: Any) -> bool:
    return not list(OAS31Validator({**schema, "components": document["components"]}).iter_errors(answer))
