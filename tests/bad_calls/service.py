"""Valid calls of service: every parameter has a value."""

import pandas as pd

from funnelkit import scoring, service

LEADS = pd.DataFrame({"visits": [1, 2, 6, 7], "source": ["ads", "seo"] * 2})
MODEL = scoring.LeadModel(["visits"], {"source": "seo"}).fit(LEADS, [False, False, True, True])


def make_app(model, key):
    return sorted(map(str, service.make_app(model, key=key).url_map.iter_rules()))


def start(model, key, port, host):
    made = service.start(model, key=key, port=port, host=host)
    return made.port, made.host


make_app.stands_for = service.make_app
start.stands_for = service.start
KEY = "only-for-tests-0123456789"

CALLS = [
    (service.openapi, {"model": MODEL}),
    (make_app, {"model": MODEL, "key": KEY}),
    (start, {"model": MODEL, "key": KEY, "port": 8080, "host": "127.0.0.1"}),
]
