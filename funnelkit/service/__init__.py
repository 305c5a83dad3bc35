"""A small web service that answers "score this lead": over HTTP, checked, with a key.

`openapi` describes it in one dict, by which every request is checked as well; `make_app` makes the
Flask application, which a notebook asks without a network (``app.test_client()``); `start` runs it
on this machine, and ``funnelkit serve`` does so from the command line.

What it keeps to: nothing is stored; the log has no id, no text and no address of anybody; an
answer names the model's version and the reasons; a wrong request is told what is wrong, where, and
what to do, and never what the program looks like inside. It speaks plain HTTP and listens on this
machine only: to offer it to others, put it behind a server that speaks HTTPS.
"""

from funnelkit.service.application import make_app
from funnelkit.service.description import openapi
from funnelkit.service.server import Service, start

__all__ = ["Service", "make_app", "openapi", "start"]


def __dir__():
    return __all__
