"""The Flask application: which request gets which answer."""

import hashlib
import hmac
import json
import logging
import time
import traceback
from functools import cache
from pathlib import PurePath

import flask
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

import funnelkit
from funnelkit import _inputs
from funnelkit.contract import contract
from funnelkit.scoring.files import FORM
from funnelkit.service.bodies import Checker, Problem, Refused, read_json, too_large
from funnelkit.service.description import BODY, need_model, openapi

__all__ = ["HEADERS", "LOG", "make_app", "need_key", "problems_json"]

LOG = logging.getLogger("funnelkit.service")
SHORTEST = 16  # characters of a key
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


def __dir__():
    return __all__


def need_key(key):
    """Refuse a key that is no secret, without repeating it.

    Parameters
    ----------
    key : str

    Returns
    -------
    str
    """
    remedy = (
        f"give at least {SHORTEST} letters, digits and signs without spaces, as "
        "secrets.token_urlsafe(32) makes them"
    )
    if not isinstance(key, str):
        raise TypeError(f"key is {_inputs.name_of_type(key)}: {remedy}")
    if len(key) < SHORTEST:
        raise ValueError(f"key has {len(key)} characters: {remedy}")
    if not all("!" <= sign <= "~" for sign in key):
        raise ValueError(f"key has a space or a letter outside ASCII: {remedy}")
    return key


def make_app(model, *, key):
    """Make the web application that scores leads by a model.

    Parameters
    ----------
    model : LeadModel
    key : str
        The secret that a request gives in its header ``X-API-Key``; at least 16 characters.

    Returns
    -------
    flask.Flask

    Examples
    --------
    >>> from funnelkit import school
    >>> app = make_app(school.score_model(), key="not-a-secret-at-all")
    >>> app.test_client().get("/health").get_json()["model_version"]
    '2026-01-01'
    """
    need_model(model)
    digest = hashlib.sha256(need_key(key).encode()).digest()
    description = openapi(model)
    checker = Checker(description, secret=model.text)
    app = flask.Flask("funnelkit.service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY
    app.url_map.merge_slashes = False  # "//score" is another path, not a way to /score

    def need_right_key():
        given = flask.request.headers.get("X-API-Key", "")
        # Digests have one length, and are compared in a time that says nothing about the key.
        if not hmac.compare_digest(hashlib.sha256(given.encode()).digest(), digest):
            what = "the key is wrong" if given else "there is no key"
            raise Refused(401, Problem("", what, "give the service's key as header X-API-Key"))

    @app.post("/score")
    def score():
        need_right_key()
        leads, batch = checker.leads(read_json(_body()))
        flask.g.leads = len(leads)
        answers = model.answers(leads)
        told = {"leads": answers} if batch else answers[0]
        return _json({"model_version": model.version} | told)

    @app.get("/metric-contract")
    def metric_contract():
        need_right_key()
        return _json({"metrics": _contract()})

    @app.get("/health")
    def health():
        version = {"model_version": model.version, "model_form": FORM}
        return _json({"status": "ok"} | version | {"funnelkit": funnelkit.__version__})

    @app.get("/openapi.json")
    def describe():
        return _json(description)

    app.before_request(_start_clock)
    app.after_request(_finish)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _wrong_request)
    app.register_error_handler(Exception, _failed)
    return app


@cache
def _contract():
    return contract().reset_index().to_dict("records")


def _body():
    """Return the body of the request if it is said to be JSON and not too large."""
    request = flask.request
    if (request.content_length or 0) > BODY:
        raise too_large()
    kind, parameters = request.mimetype, request.mimetype_params
    remedy = "send the header Content-Type: application/json"
    if kind != "application/json":
        said = f"the body is said to be {kind[:60]}" if kind else "the body is not said to be JSON"
        raise Refused(415, Problem("", said, remedy))
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refused(415, Problem("", "the body is said not to be UTF-8", remedy))
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, Problem("", "the body is compressed", "send it as it is"))
    return request.get_data(cache=False)


# ---------------------------------------------------------------- answers


def _json(content, status=200):
    return flask.Response(json.dumps(content), status, mimetype="application/json")


def problems_json(refused):
    """Return what is told of a request that is not answered.

    Parameters
    ----------
    refused : Refused

    Returns
    -------
    dict
    """
    problems = [vars(problem) for problem in refused.problems]
    return {"status": refused.status, "problems": problems, "more": refused.more}


def _refused(refused):
    response = _json(problems_json(refused), refused.status)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = 'ApiKey realm="funnelkit"'
    return response


def _wrong_request(error):
    """Answer what Flask refuses by itself: no such path, no such method."""
    if isinstance(error, RequestEntityTooLarge):
        return _refused(too_large())
    allowed = sorted(getattr(error, "valid_methods", None) or ())
    use = [method for method in allowed if method not in ("HEAD", "OPTIONS")]
    said = {
        404: ("there is nothing at this path", "see GET /openapi.json for what there is"),
        405: ("this path does not take this method", f"use {' or '.join(use)}"),
    }
    what, remedy = said.get(error.code, ("the request cannot be read", "see GET /openapi.json"))
    response = _refused(Refused(error.code or 400, Problem("", what, remedy)))
    if allowed:
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _failed(error):
    """Answer a fault of the program; the log says where it is, and nothing of what came in."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    LOG.error(
        "%s in %s, line %s", type(error).__name__, PurePath(place.filename).name, place.lineno
    )
    what, remedy = "the service failed", "try again; if it stays so, tell whoever runs the service"
    return _refused(Refused(500, Problem("", what, remedy)))


def _start_clock():
    flask.g.began = time.perf_counter(), time.thread_time()


def _finish(response):
    """Add what all answers have, and write one line into the log, without personal data."""
    clocks = time.perf_counter(), time.thread_time()
    took, worked = (1000 * (now - then) for now, then in zip(clocks, flask.g.began, strict=True))
    response.headers.update(HEADERS)
    if methods := response.headers.get("Allow"):  # Flask keeps them in no order
        response.headers["Allow"] = ", ".join(sorted(methods.split(", ")))
    response.headers["Server-Timing"] = f"app;dur={took:.2f}, cpu;dur={worked:.2f}"
    method, rule = flask.request.method, flask.request.url_rule
    LOG.info(
        "%s %s %s, leads: %s, %.1f ms",
        method if method in METHODS else "?",
        rule.rule if rule else "(no such path)",
        response.status_code,
        flask.g.get("leads", 0),
        took,
    )
    return response
