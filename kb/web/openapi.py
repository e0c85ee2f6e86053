"""An OpenAPI document of a server: every request that it answers, made from the declarations that make the routes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Any

from ..doors import CEILINGS, Offer
from ..limits import Limits
from ..parameter import Parameter
from ..verb import nouns
from .openapi_answers import FIXED, SCHEMAS, answer, errors
from .routes import as_json, path

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/api/openapi.json"
VERSION = "3.1.0"
TYPES = {"text": "string", "whole": "integer", "number": "number", "flag": "boolean", "choice": "string"}
"""JSON's type by a parameter's; pairs are an object, and paths are never asked for from elsewhere."""
EVERYDAY = "everyday"
"""The tag of verbs that have no noun."""
LISTED = "[0-9]{1,9}-[0-9]{1,9}"
"""A range such as 3-5 among whole numbers."""
Schema = dict[str, Any]


def openapi_route(offers: Mapping[str, Offer], limits: Limits, *, token: bool) -> Any:
    """The route of the document; it is made once."""
    from starlette.routing import Route

    made = document(offers, limits, token=token)

    def asked(request: Request) -> Response:
        return as_json(made)

    return Route(PATH, asked)


def document(offers: Mapping[str, Offer], limits: Limits, *, token: bool = False) -> dict[str, Any]:
    """The document of a server with these verbs by path; with a `token`, how a request gives it."""
    about = metadata("neuronkb")
    verbs = {path(offer): _operation(offer, limits) for offer in offers.values()}
    lines = {"server": "The server itself", EVERYDAY: "What stands on the knowledge base itself", **nouns()}
    used = {"server", *(offer.verb.noun or EVERYDAY for offer in offers.values())}
    made = {
        "openapi": VERSION,
        "info": {"title": "neuronkb", "version": about["Version"], "summary": about["Summary"]},
        "tags": [{"name": noun, "description": line} for noun, line in lines.items() if noun in used],
        "paths": {**FIXED, **verbs},
        "components": {"schemas": SCHEMAS},
    }
    return {**made, **_locked(SCHEMAS)} if token else made


def _locked(schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """What a document says where only who has the token is answered."""
    schemes = {"token": {"type": "http", "scheme": "bearer", "description": "What neuronkb serve printed"}}
    return {"security": [{"token": []}], "components": {"schemas": schemas, "securitySchemes": schemes}}


def _operation(offer: Offer, limits: Limits) -> dict[str, Any]:
    """One verb: a question by GET, work by POST."""
    about = {
        "operationId": offer.name,
        "tags": [offer.verb.noun or EVERYDAY],
        "summary": offer.verb.line,
        "description": offer.verb.words,
    }
    if offer.waits:
        body = {"required": True, "content": {"application/json": {"schema": _body(offer)}}}
        begun = answer("It is in line; ask its address for its state", "Begun")
        begun["headers"] = {"Location": {"description": "Its address", "schema": {"type": "string"}}}
        return {"post": {**about, "requestBody": body, "responses": {"202": begun, **errors()}}}
    asked = [_parameter(one, limits) for one in offer.parameters]
    found = answer("The object that --json gives", "Answer")
    return {"get": {**about, "parameters": asked, "responses": {"200": found, **errors()}}}


def _body(offer: Offer) -> Schema:
    """The object that begins work: a value a parameter. The server's ceilings do not hold work."""
    required = [one.name for one in offer.parameters if one.required]
    properties = {one.name: {**_schema(one), "description": one.words} for one in offer.parameters}
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": required} if required else made


def _parameter(one: Parameter, limits: Limits) -> dict[str, Any]:
    """As a query string has it: several come again, numbers and choices with commas between, pairs as JSON."""
    made: dict[str, Any] = {"name": one.name, "in": "query", "required": one.required, "description": one.words}
    schema = _held(one, _schema(one), limits)
    if one.type == "pairs":
        return {**made, "content": {"application/json": {"schema": schema}}}
    written = {"style": "form", "explode": not one.listed} if one.many else {}
    return {**made, **written, "schema": schema}


def _schema(one: Parameter) -> Schema:
    """What a value may be."""
    if one.type == "pairs":
        made: Schema = {"type": "object"}
    else:
        made = {"type": TYPES[one.type], **_bounds(one)}
        if one.choices:
            made["enum"] = list(one.choices)
        if one.many and one.type == "whole":
            made = {"anyOf": [made, {"type": "string", "pattern": f"^{LISTED}$"}]}
        if one.many:
            made = {"type": "array", "items": made}
    if not one.required and one.default is not None:
        made["default"] = list(one.default) if isinstance(one.default, tuple) else one.default
    return made


def _bounds(one: Parameter) -> Schema:
    if one.range is None:
        return {}
    low, high = ("exclusiveMinimum", "exclusiveMaximum") if one.range.open else ("minimum", "maximum")
    ends = {low: one.range.low, high: one.range.high}
    return {name: end for name, end in ends.items() if not math.isinf(end)}


def _held(one: Parameter, schema: Schema, limits: Limits) -> Schema:
    """What a server's ceiling makes of it: none at all cannot be asked for, and more is answered with less."""
    if one.name not in CEILINGS:
        return schema
    ceiling = getattr(limits, CEILINGS[one.name])(None)
    held = {**schema, "default": ceiling if one.default is None else min(one.default, ceiling)}
    if schema.get("minimum") == 0:
        del held["minimum"]
        held["exclusiveMinimum"] = 0
    return held
