"""The body of a request: read as strict JSON, then checked by the description."""

import json
import re
from dataclasses import dataclass
from itertools import islice

import jsonschema

from funnelkit import _inputs
from funnelkit.service.description import BATCH, BODY

__all__ = ["Checker", "Problem", "Refused", "read_json", "too_large"]

DEPTH = 8  # of lists and objects in each other; a batch has 3
SHOWN = 10  # problems told at once
DIGITS = 18  # of a whole number that is read exactly
# A bracket or a text; a text without an end goes on to the last byte, so that no byte is looked
# at twice, whatever was sent.
_PARTS = re.compile(rb'[\[\]{}]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
KINDS = {"integer": "a whole number", "number": "a number", "string": "a text", "null": "null"}
KINDS |= {"object": "an object", "array": "a list", "boolean": "true or false"}


def __dir__():
    return __all__


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a request.

    Attributes
    ----------
    where : str
        As a JSON pointer: ``"/leads/3/device"``; empty for the request as a whole.
    what, remedy : str
        What is wrong, and what to do.
    """

    where: str
    what: str
    remedy: str


class Refused(Exception):
    """A request that is not answered.

    Parameters
    ----------
    status : int
        Of HTTP, such as 422.
    *problems : Problem
        What is wrong; the first ten are told.
    """

    def __init__(self, status, *problems):
        super().__init__(status)
        self.status = status
        self.problems = problems[:SHOWN]
        self.more = len(problems) - len(self.problems)


# ---------------------------------------------------------------- bytes to JSON


def read_json(body):
    """Read a body as JSON, more strictly than `json.loads` does.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    object
        Numbers too large to compute with are infinite, for the description to refuse.

    Raises
    ------
    Refused
        With 400: not UTF-8, not JSON, NaN or Infinity, a field twice, too deep.

    Examples
    --------
    >>> read_json(b'{"visit_count": 3}')
    {'visit_count': 3}
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(
            f"byte {error.start} is not UTF-8", "write the JSON in UTF-8, as the standard has it"
        ) from None
    if text.startswith("\ufeff"):
        raise _unreadable("it begins with a byte order mark", "send it without") from None
    if _depth(body) > DEPTH:
        raise _unreadable(
            f"lists and objects are more than {DEPTH} deep",
            'send a lead as {"lead_id": …} or a batch as {"leads": [{…}, …]}',
        )
    try:
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=lambda digits: int(digits) if len(digits) <= DIGITS else float(digits),
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        remedy = "send one JSON object, as json.dumps(lead) writes it"
        raise _unreadable(f"it is not JSON from {place} on", remedy) from None
    except RecursionError:
        raise _unreadable("it is too deep", "send a lead or a batch") from None


def _unreadable(what, remedy):
    return Refused(400, Problem("", f"the body cannot be read: {what}", remedy))


def _refuse_constant(word):
    raise _unreadable(f"{word} is not a value of JSON", "give null where a value is not known")


def _once(pairs):
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise _unreadable(f"the field {_short(name)} is there twice", "give each field once")
    return fields


def _depth(body):
    """Return how deep lists and objects are in each other, texts left aside."""
    depth = deepest = 0
    for part in _PARTS.finditer(body):
        first = body[part.start()]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _short(value):
    """Write a value that came in, shortened."""
    if isinstance(value, str):
        return json.dumps(value[:40] + "…" * (len(value) > 40), ensure_ascii=False)
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, float) and value in (float("inf"), -float("inf")):
        return "a number too large to compute with"
    return json.dumps(value)


# ---------------------------------------------------------------- JSON to leads


def _whole_match(validator, pattern, value, schema):
    """In Python $ matches before a last line end, too; in JSON Schema it does not."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield jsonschema.ValidationError("does not match")


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": _whole_match}
)


class Checker:
    """What makes leads of a body, or says what is wrong with it.

    Parameters
    ----------
    description : dict
        What `funnelkit.service.openapi` gives.
    secret : str, optional
        The field whose values are never repeated in a message: what a person wrote.
    """

    def __init__(self, description, secret=None):
        schemas = description["components"]["schemas"]
        self._lead, self._secret = schemas["Lead"], secret
        # One lead and a batch are checked apart, so that a message names the field at fault, and
        # not both of the forms that the body does not have.
        self._validators = {
            name: _Validator(
                {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
            )
            for name in ("Lead", "Batch")
        }

    def leads(self, body):
        """Return the leads of a body as a list, and whether it is a batch.

        Parameters
        ----------
        body : object
            As `read_json` gives it.

        Returns
        -------
        leads : list of dict
        batch : bool

        Raises
        ------
        Refused
            With 422 and what is wrong.
        """
        batch = isinstance(body, dict) and "leads" in body and "lead_id" not in body
        leads = body["leads"] if batch else None
        if isinstance(leads, list) and len(leads) > BATCH:  # before each of them is looked at
            what = f"leads has {len(leads):,} leads, and a request may have {BATCH}"
            raise Refused(422, Problem("/leads", what, "send them in several requests"))
        errors = self._validators["Batch" if batch else "Lead"].iter_errors(body)
        problems = [each for error in errors for each in self._said(error)]
        if problems:
            raise Refused(422, *problems)
        return [self._cast(lead) for lead in (leads if batch else [body])], batch

    def _cast(self, lead):
        """Return a lead whose whole numbers are int: 1.0 is 1."""
        return {
            field: int(value) if isinstance(value, float) and self._is_whole(field) else value
            for field, value in lead.items()
        }

    def _is_whole(self, field):
        return "integer" in self._lead["properties"][field].get("type", ())

    def _said(self, error):
        """Put an error of the validator into words; one of them may be several problems."""
        path = list(error.absolute_path)
        where = "".join(f"/{part}" for part in path)
        field, value, limit = path[-1] if path else "", error.instance, error.validator_value
        name = field if isinstance(field, str) and field else "a lead" if path else "the body"
        if error.validator == "required":
            missing = next(each for each in limit if error.message.startswith(repr(each)))
            yield Problem(where, *self._missing(missing, name))
        elif error.validator == "additionalProperties":
            known = list(error.schema["properties"])
            strange = (each for each in value if each not in known)
            for each in islice(strange, SHOWN):
                near = _inputs.close_to(each[:40], known)
                yield Problem(where, f"there is no field {_short(each)}", f"leave it out; {near}")
        elif error.validator == "type":
            allowed = [limit] if isinstance(limit, str) else limit
            kinds = " or ".join(KINDS[kind] for kind in allowed)
            yield Problem(where, f"{name} is {self._shown(name, value)}", f"give {kinds}")
        elif error.validator == "enum":
            known = [_short(each) for each in limit]
            near = ""
            if isinstance(value, str):
                near = _inputs.close_to(value[:40], [each for each in limit if each])
                near = f"; {near}" if near.startswith("did") else ""
            what = f"{name} is {self._shown(name, value)}"
            yield Problem(where, what, f"give one of {', '.join(known)}{near}")
        else:
            yield Problem(where, *self._limit(error.validator, name, value, limit))

    def _missing(self, missing, name):
        what = f"{name} has no {missing!r}" if name != "the body" else f"there is no {missing!r}"
        if missing not in self._lead["properties"]:
            return what, 'send a batch as {"leads": [{…}, …]}'
        schema = self._lead["properties"][missing]
        may_be_null = None in schema.get("enum", ()) or "null" in schema.get("type", ())
        return what, "give it" + (", null where it is not known" if may_be_null else "")

    def _shown(self, name, value):
        if name == self._secret and isinstance(value, str):
            return f"a text of {len(value):,} characters"
        return _short(value)

    def _limit(self, kind, name, value, limit):
        """Return what is wrong with a value of the right kind, and the remedy."""
        if kind in ("minimum", "maximum"):
            least = "at least" if kind == "minimum" else "at most"
            return f"{name} is {self._shown(name, value)}", f"give {least} {limit:,}"
        if kind == "maxLength":
            return f"{name} has {len(value):,} characters", f"give at most {limit:,}, its beginning"
        if kind == "minItems":
            return f"{name} has no leads", f"give 1 to {BATCH}"
        if kind == "pattern":
            what = f"{name} is {self._shown(name, value)}"
            return what, "give 1 to 40 letters, digits, hyphens and underscores: an id, not a name"
        return f"{name} is not as described", "see GET /openapi.json"


def too_large():
    """Return what is said of a body that is too large.

    Returns
    -------
    Refused
    """
    what = f"the body has more than {BODY:,} bytes"
    return Refused(413, Problem("", what, "send the leads in several requests"))
