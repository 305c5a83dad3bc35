"""The file of a model of leads: how it is written, and what is refused when it is read."""

import hashlib
import json
import math
import os
import re
from pathlib import Path

from funnelkit import _inputs, workspace

__all__ = ["FORM", "INTENT", "VERSION", "read", "write"]

KIND = "funnelkit model of leads"
FORM = 1  # of the file; a release reads its own form only
INTENT = "intent"  # the number that the words of a text become
VERSION = re.compile(r"[A-Za-z0-9._-]{1,40}")
LARGEST = 64 * 2**20  # bytes; a larger file is something else
GIVEN = "give the file that LeadModel.save wrote"
ANEW = "save the model anew with LeadModel.save"


def __dir__():
    return __all__


def write(path, version, inputs, parameters):
    """Write a model in one go.

    Parameters
    ----------
    path : str or Path
    version : str
    inputs : list of str
        For the reader of the file; they follow from the parameters.
    parameters : dict
        What the model has learnt.

    Returns
    -------
    pathlib.Path
    """
    path = _path(path)
    if os.path.isdir(path):
        raise ValueError(f"{path.name or path} is a folder: name the file in it, lead_model.json")
    content = {"kind": KIND, "form": FORM, "version": version, "inputs": list(inputs)}
    content |= {"parameters": parameters}
    content["checksum"] = checksum(content)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        workspace.write(path, (text + "\n").encode())
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ValueError(
            f"{path.name[:60]} cannot be written ({why}): give a file in a folder in which you "
            "may write"
        ) from None
    return path


def checksum(content):
    """Return the SHA-256 of what a file says, however it is laid out.

    Parameters
    ----------
    content : dict
        Without its checksum.

    Returns
    -------
    str
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read(path):
    """Read what `write` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    version : str
    parameters : dict
    """
    path = _path(path)
    content = _bytes_of(path)
    try:
        content = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):  # not text, or not JSON
        raise ValueError(
            f"{path.name} cannot be read as JSON, in which models of leads are kept: "
            f"{GIVEN}, or {ANEW} if it was cut short"
        ) from None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError(f"{path.name} is not a model of leads: {GIVEN}")
    if content.get("form") != FORM:
        raise ValueError(
            f"{path.name} is a model of form {_inputs.short_form(content.get('form'))}, and this "
            f"release of the course reads form {FORM}: {ANEW} in this release, or use it in the "
            "release that wrote it"
        )
    if content.pop("checksum", None) != checksum(content):
        raise ValueError(
            f"{path.name} is not as it was written, its checksum differs: copy it anew from where "
            f"it was made, or {ANEW}; changes by hand are not taken"
        )
    try:
        version, parameters = content["version"], content["parameters"]
        if not VERSION.fullmatch(version):
            raise ValueError("version")
        check(parameters)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise ValueError(
            f"{path.name} lacks what a model of leads needs to score: {ANEW}"
        ) from None
    return version, parameters


def _bytes_of(path):
    """Return the bytes of a file, or say why it cannot be one of a model."""
    try:
        if path.is_dir():
            raise ValueError(f"{path.name or path} is a folder: {GIVEN}")
        if not path.exists():
            raise ValueError(f"there is no file {path.name}: {GIVEN}")
        if not path.is_file():  # a device or a pipe may never end
            raise ValueError(f"{path.name} is not a file: {GIVEN}")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path.name} is too large for a model of leads: {GIVEN}")
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ValueError(f"{path.name[:60]} cannot be read ({why}): {GIVEN}") from None


def check(parameters):
    """Refuse parameters with which a model could not compute.

    Parameters
    ----------
    parameters : dict

    Raises
    ------
    KeyError, TypeError, ValueError
        Without a message for people.
    """
    numbers, names, text = (parameters[key] for key in ("numbers", "names", "text"))
    _need_numbers(parameters["intercept"], *parameters["learnt_from"].values())
    if set(parameters["usual"]) != {*numbers, *names} or (INTENT in numbers) != (text is not None):
        raise ValueError("inputs")
    _need_numbers(*parameters["usual"].values())
    for part in numbers.values():
        for term in (part, part["missing"] or part):
            _need_numbers(*(term[key] for key in ("mean", "scale", "weight")))
            if not term["scale"] > 0:
                raise ValueError("scale")
        _need_numbers(part["median"], part["average"])
        if not isinstance(part["whole"], bool):
            raise TypeError("whole")
    for part in names.values():
        _need_numbers(*part["weights"].values())
        if part["weights"][part["reference"]] != 0:
            raise ValueError("reference")
    if text is not None:
        if not isinstance(text["column"], str):
            raise TypeError("column")
        _need_numbers(text["intercept"])
        for idf, weight in text["words"].values():
            _need_numbers(idf, weight)


def _need_numbers(*values):
    for value in values:
        if isinstance(value, bool) or not math.isfinite(value):
            raise ValueError("not a number")


def _path(path):
    if not isinstance(path, str | Path):
        raise TypeError(f"path is {_inputs.short_form(path)}: give the name of a file")
    return Path(path)
