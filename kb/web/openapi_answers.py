"""What requests are answered with, in OpenAPI's words, and the requests that belong to no verb."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
ERRORS = {
    400: "The question is wrong; the message says what was expected",
    403: "Asked by a page of another site",
    404: "Not in the store, or no such address",
    500: "A defect",
    503: "The store cannot be asked now, such as while another process holds it",
}
TEXT: Schema = {"type": "string"}
SOME_TEXT: Schema = {"type": ["string", "null"]}
SOME_NUMBER: Schema = {"type": ["number", "null"]}
NUMBERS: Schema = {"type": "array", "items": {"type": "number"}}
TEXTS: Schema = {"type": "array", "items": TEXT}
STATES = ("waiting", "running", "done", "failed")


def ref(name: str) -> Schema:
    """A schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer(description: str, schema: str) -> dict[str, Any]:
    """A response that has a JSON object."""
    return {"description": description, "content": {"application/json": {"schema": ref(schema)}}}


def errors(*statuses: int) -> dict[str, Any]:
    """Responses by status, of these or of all errors that a verb may have."""
    return {str(status): answer(ERRORS[status], "Error") for status in statuses or ERRORS}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_PARAMETER = _object(
    {
        "name": TEXT,
        "type": {"enum": ["text", "whole", "number", "flag", "choice", "pairs"]},
        "many": {"type": "boolean"},
        "required": {"type": "boolean"},
        "default": {},
        "choices": TEXTS,
        "range": {**SOME_TEXT, "description": "Such as 1 to 1000"},
        "words": TEXT,
    }
)
_VERB = _object({"path": TEXT, "method": {"enum": ["GET", "POST"]}, "verb": TEXT, "words": TEXT})
_VERB["properties"]["parameters"] = _list(_PARAMETER)
_SCORE = _object(
    {"id": TEXT, "value": SOME_NUMBER, "explanationScoreTypeName": TEXT, "explanationScoreModelName": SOME_TEXT},
    jsonDetails={**TEXT, "description": "JSON: the score of another neuron's explanation (null), n, failed, split"},
)
_EXPLANATION = _object(
    {"id": TEXT, "description": TEXT, "explanationModelName": SOME_TEXT, "typeName": SOME_TEXT, "scores": _list(_SCORE)}
)
_ACTIVATION = _object(
    {
        "id": TEXT,
        "tokens": TEXTS,
        "values": NUMBERS,
        "maxValue": SOME_NUMBER,
        "minValue": SOME_NUMBER,
        "maxValueTokenIndex": {"type": ["integer", "null"]},
        "dataSource": SOME_TEXT,
    },
    binMin={
        **SOME_NUMBER,
        "description": "-1 for one of the strongest windows; null where it is not known",
    },
    binMax=SOME_NUMBER,
    binContains=SOME_NUMBER,
)
_FEATURE = _object(
    {
        "modelId": TEXT,
        "layer": TEXT,
        "index": TEXT,
        "maxActApprox": SOME_NUMBER,
        "frac_nonzero": SOME_NUMBER,
        "freq_hist_data_bar_heights": NUMBERS,
        "freq_hist_data_bar_values": NUMBERS,
        "pos_str": TEXTS,
        "pos_values": NUMBERS,
        "neg_str": TEXTS,
        "neg_values": NUMBERS,
        "activations": _list(_ACTIVATION),
        "explanations": _list(_EXPLANATION),
        "warnings": TEXTS,
    }
)
SCHEMAS: dict[str, Schema] = {
    "Answer": {
        **_object({"warnings": TEXTS}),
        "description": "Named lists and values of the verb; warnings say what an answer leaves out",
    },
    "Begun": _object({"work": {**TEXT, "description": "Address of its state"}}),
    "Error": _object({"error": {**TEXT, "description": "One line"}}),
    "Feature": {**_FEATURE, "description": "Field names and meanings are Neuronpedia's; null or empty is not known"},
    "Verbs": _object({"verbs": _list(_VERB)}),
    "Work": _object(
        {
            "id": TEXT,
            "verb": TEXT,
            "state": {"enum": list(STATES)},
            "step": TEXT,
            "done": {"type": "integer"},
            "of": {"type": "integer"},
            "answer": {"anyOf": [ref("Answer"), {"type": "null"}]},
            "error": SOME_TEXT,
        }
    ),
}


def _path(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": words, "schema": TEXT}


def _get(name: str, summary: str, found: dict[str, Any], *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    about = {"operationId": name, "tags": ["server"], "summary": summary}
    return {"get": {**about, "parameters": [*parameters], "responses": {"200": found, **more}}}


FIXED: dict[str, Any] = {
    "/api": _get(
        "api_verbs", "The verbs that can be asked", answer("Each with its parameters", "Verbs"), **errors(403)
    ),
    "/api/openapi.json": _get(
        "api_openapi",
        "This document",
        {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}},
        **errors(403),
    ),
    "/api/work/{piece}": _get(
        "api_work",
        "What became of work that was begun",
        answer("Where it is, and its answer when it is done", "Work"),
        _path("piece", "As the address of the work has it"),
        **errors(403, 404),
    ),
    "/api/feature/{model}/{layer}/{index}": _get(
        "api_feature",
        "A neuron or latent in the shape of Neuronpedia's API",
        answer("What the store has of its positive side", "Feature"),
        _path("model", "A model in the store"),
        _path("layer", "13 or 13-mlp for the neurons of a layer, else a dictionary such as 6-res-jb"),
        _path("index", "In the layer or dictionary, from 0"),
        **errors(),
    ),
}
"""By path: what is asked of every server."""
