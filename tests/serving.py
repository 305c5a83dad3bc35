"""The scoring service in a process of its own, for tests that ask it over HTTP."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import cache

from funnelkit import school

KEY = "a-key-for-tests-only-0123456789"
JSON = {"X-API-Key": KEY, "Content-Type": "application/json"}
WAIT = 300  # seconds; nothing waits that long unless it is stuck


@cache
def records():
    """Return the school's leads as records, as a client would send them."""
    leads = school.form_leads()[["lead_id", *school.score_model().inputs_]]
    table = leads.astype(object).where(leads.notna(), None)
    return table.astype({"downloads": int, "webinars": int}).to_dict("records")


def begin(model, port=0, log=subprocess.DEVNULL):
    """Start ``funnelkit serve`` on a model's file; return the process and the port."""
    command = [sys.executable, "-m", "funnelkit.app.cli", "serve", str(model), "--port", str(port)]
    environment = os.environ | {"FUNNELKIT_KEY": KEY, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
    )
    line = process.stdout.readline()  # comes once the service listens
    port = re.search(r"http://127\.0\.0\.1:(\d+)/score", line)
    assert port, line
    return process, int(port.group(1))


def end(process, number=signal.SIGTERM):
    """Stop the service; return its exit code and what it said last."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=WAIT)
    return process.returncode, said


@contextmanager
def served(model, **options):
    """Run the service on a model's file until the block ends; give its port."""
    process, port = begin(model, **options)
    try:
        yield port
    finally:
        process.kill()
        process.communicate()


def ask(port, method="POST", path="/score", body=None, headers=JSON):
    """Send one request; return status, headers and the answer, read as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        return response.status, response.headers, json.loads(content) if content else None
    finally:
        connection.close()
