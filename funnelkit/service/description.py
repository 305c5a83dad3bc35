"""What the service takes and gives, as one OpenAPI description, which is also what checks it."""

import funnelkit
from funnelkit import _inputs
from funnelkit.scoring.files import FORM
from funnelkit.scoring.model import UNKNOWN, LeadModel

__all__ = ["BATCH", "BODY", "need_model", "openapi"]

BODY = 2**20  # bytes of a request, at most: a batch with the longest messages
BATCH = 500  # leads in a request, at most
TEXT = 2000  # characters of a text
LARGEST = 1_000_000  # the largest count, and a thousandth of the largest other number
ID = "^[A-Za-z0-9_-]{1,40}$"

PROBLEMS = {
    "400": "The body cannot be read as JSON.",
    "401": "There is no key, or a wrong one.",
    "413": "The body is too large.",
    "415": "The body is not said to be JSON.",
    "422": "The body is JSON, and not what it has to be.",
    "500": "The service failed.",
}


def __dir__():
    return __all__


def need_model(model):
    """Refuse what is not a model that has learnt.

    Parameters
    ----------
    model : LeadModel

    Returns
    -------
    LeadModel
    """
    if not isinstance(model, LeadModel):
        raise TypeError(
            f"model is {_inputs.name_of_type(model)}: give a LeadModel, such as "
            "scoring.load_model('lead_model.json')"
        )
    if not hasattr(model, "parameters_"):
        raise ValueError("the model has not learnt yet: call fit(leads, outcome)")
    return model


def openapi(model):
    """Describe the service of a model, as OpenAPI 3.1 has it.

    Parameters
    ----------
    model : LeadModel
        Its inputs become the fields of a lead.

    Returns
    -------
    dict
        What ``GET /openapi.json`` gives. Its schemas of a lead and of a batch are the ones by
        which requests are checked.

    Examples
    --------
    >>> from funnelkit import school
    >>> lead = openapi(school.score_model())["components"]["schemas"]["Lead"]
    >>> lead["properties"]["device"]["enum"]
    ['desktop', 'mobile']
    """
    need_model(model)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Funnelkit: score a lead",
            "version": funnelkit.__version__,
            "description": "How likely leads are to buy, and what moved each score most.",
        },
        "servers": [{"url": "/"}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
            "schemas": _schemas(model),
        },
    }


# ---------------------------------------------------------------- the paths


def _paths():
    score = {
        "operationId": "score",
        "summary": "Score one lead, or up to 500 in one request.",
        "security": [{"key": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _either("Lead", "Batch")}},
        },
        "responses": _answers(
            "The scores, in the order of the request.", _either("Answer", "Answers"), *PROBLEMS
        ),
    }
    contract = {
        "operationId": "metric_contract",
        "summary": "What each metric of the course counts.",
        "security": [{"key": []}],
        "responses": _answers("The contract.", _ref("Contract"), "401", "500"),
    }
    health = {
        "operationId": "health",
        "summary": "Whether the service is ready, and with which model.",
        "security": [],
        "responses": _answers("It is.", _ref("Health"), "500"),
    }
    description = {
        "operationId": "openapi",
        "summary": "This description.",
        "security": [],
        "responses": _answers("The description.", {"type": "object"}, "500"),
    }
    return {
        "/score": {"post": score},
        "/health": {"get": health},
        "/metric-contract": {"get": contract},
        "/openapi.json": {"get": description},
    }


def _ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _either(*names):
    return {"oneOf": [_ref(name) for name in names]}


def _answers(said, schema, *problems):
    def as_json(schema):
        return {"application/json": {"schema": schema}}

    good = {"description": said, "content": as_json(schema)}
    wrong = {
        status: {"description": PROBLEMS[status], "content": as_json(_ref("Problems"))}
        for status in problems
    }
    return {"200": good} | wrong


# ---------------------------------------------------------------- the schemas


def _record(properties, **more):
    """Return the schema of an object that has all of these fields and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def _list(schema, **limits):
    return {"type": "array", "items": schema, **limits}


def _schemas(model):
    text, version = {"type": "string"}, {"type": "string", "const": model.version}
    reason = _record(
        {
            "feature": {"type": "string", "enum": model.inputs_},
            "effect": {"type": "string", "enum": ["raises", "lowers"]},
            "log_odds": {"type": "number"},
            "reason": text,
        }
    )
    answer = {
        "lead_id": {"type": "string", "pattern": ID},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "reasons": _list(_ref("Reason"), maxItems=3),
    }
    metric = ["metric", "formula", "numerator", "denominator", "unit", "window", "computed_by"]
    return {
        "Lead": _record({"lead_id": {"type": "string", "pattern": ID}} | _fields(model)),
        "Batch": _record({"leads": _list(_ref("Lead"), minItems=1, maxItems=BATCH)}),
        "Reason": reason,
        "Answer": _record({"model_version": version} | answer),
        "Answers": _record({"model_version": version, "leads": _list(_record(answer))}),
        "Health": _record(
            {
                "status": {"type": "string", "const": "ok"},
                "model_version": version,
                "model_form": {"type": "integer", "const": FORM},
                "funnelkit": {"type": "string", "const": funnelkit.__version__},
            }
        ),
        "Contract": _record({"metrics": _list(_record(dict.fromkeys(metric, text)))}),
        "Problem": _record({"where": text, "what": text, "remedy": text}),
        "Problems": _record(
            {
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "problems": _list(_ref("Problem"), minItems=1, maxItems=10),
                "more": {"type": "integer", "minimum": 0},
            }
        ),
    }


def _fields(model):
    """Return the schema of each input; null is allowed where the model knows what it means."""
    learnt, fields = model.parameters_, {}
    for column in model.numbers:
        part = learnt["numbers"][column]
        kind = "integer" if part["whole"] else "number"
        limits = {"minimum": 0, "maximum": LARGEST}
        if not part["whole"]:
            limits = {"minimum": -1000 * LARGEST, "maximum": 1000 * LARGEST}
        fields[column] = {"type": [kind, "null"] if part["missing"] else kind, **limits}
    for column in model.names:
        known = list(learnt["names"][column]["weights"])
        fields[column] = {"enum": [None if name == UNKNOWN else name for name in known]}
    if model.text is not None:
        fields[model.text] = {"type": ["string", "null"], "maxLength": TEXT}
    return fields
