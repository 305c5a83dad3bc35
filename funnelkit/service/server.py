"""The server: waitress, started and stopped without losing an answer that is being given."""

import errno
import ipaddress
import json
import logging
import signal
import threading
import time

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from funnelkit import _inputs
from funnelkit.service.application import HEADERS, LOG, make_app, problems_json
from funnelkit.service.bodies import Problem, Refused, too_large
from funnelkit.service.description import BODY

__all__ = ["Service", "log_to_stderr", "start"]

SETTINGS = {
    "threads": 4,
    "ident": "funnelkit",
    # Up to here a body is read to its end and refused politely; beyond, the connection is closed.
    "max_request_body_size": 8 * BODY,
    "max_request_header_size": 16 * 2**10,
    "channel_timeout": 30,  # seconds without a byte, after which a connection is closed
    "cleanup_interval": 10,
    "connection_limit": 500,
    "clear_untrusted_proxy_headers": True,
}
PATIENCE = 20.0  # seconds for answers that are being given when the service is stopped
ELSEWHERE = {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}


def __dir__():
    return __all__


def start(model, *, key, port=0, host="127.0.0.1"):
    """Return the service of a model, to be started on this machine by ``with``.

    Parameters
    ----------
    model : LeadModel
    key : str
        The secret that a request gives in its header ``X-API-Key``; at least 16 characters.
    port : int, default 0
        Where to listen; 0 is a port that is free.
    host : str, default "127.0.0.1"
        The address on which to listen: this machine alone, or ``"0.0.0.0"`` for all who reach it.

    Returns
    -------
    Service
        ``with start(model, key=key) as address:`` runs it in a thread until the block ends.

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> from funnelkit import school
    >>> with start(school.score_model(), key="not-a-secret-at-all") as address:
    ...     urlopen(f"{address}/health").status
    200
    """
    return Service(model, key=key, port=port, host=host)


class Service:
    """The application of a model and the server that runs it.

    Parameters
    ----------
    model : LeadModel
    key : str
    port : int, default 0
    host : str, default "127.0.0.1"
        As for `start`.

    Attributes
    ----------
    address : str
        Such as ``"http://127.0.0.1:8080"``, once it listens.
    """

    def __init__(self, model, *, key, port=0, host="127.0.0.1"):
        self._app = make_app(model, key=key)
        self.port = _inputs.whole("port", port, at_least=0, at_most=65535)
        try:
            self.host = str(ipaddress.ip_address(host if isinstance(host, str) else None))
        except ValueError:
            raise ValueError(
                f"host is {_inputs.short_form(host)}: give an address in numbers, such as "
                "'127.0.0.1' for this machine alone"
            ) from None
        self._stopping = threading.Event()
        self._server = None

    def listen(self):
        """Take the port; return the address.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If the port is in use, or may not be used.
        """
        self._connections = {}
        try:
            self._server = create_server(
                self._app, map=self._connections, host=self.host, port=self.port, **SETTINGS
            )
        except OSError as error:
            if error.errno not in ELSEWHERE:
                raise
            why = {
                errno.EADDRINUSE: f"port {self.port} is in use",
                errno.EACCES: f"port {self.port} may not be used by you",
            }.get(error.errno, f"this machine does not have the address {self.host}")
            raise ValueError(f"{why}: choose another, or stop what uses it") from None
        self._server.channel_class = _Channel
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # not each time a request waits
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.address = f"http://{host}:{self._server.effective_port}"
        return self.address

    def run(self):
        """Serve until `stop` is called; then finish the answers that are being given."""
        server, connections = self._server, self._connections
        while not self._stopping.is_set():
            wasyncore.loop(timeout=0.5, map=connections, count=1)
        wasyncore.dispatcher.close(server)  # no new connections
        end = time.monotonic() + PATIENCE
        while self._is_busy() and time.monotonic() < end:
            wasyncore.loop(timeout=0.05, map=connections, count=1)
        server.task_dispatcher.shutdown()
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.trigger.close()

    def _is_busy(self):
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def stop(self):
        """Ask the service to stop; it may be asked from another thread or a signal."""
        self._stopping.set()
        if self._server is not None:
            self._server.pull_trigger()

    def run_until_signalled(self):
        """Serve until Ctrl+C or SIGTERM; a second one ends the program at once."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.getsignal(number) for number in numbers}

        def stop(number, frame):
            signal.signal(number, before[number])
            self.stop()

        for number in numbers:
            signal.signal(number, stop)
        try:
            self.run()
        finally:
            for number in numbers:
                signal.signal(number, before[number])

    def __enter__(self):
        address = self.listen()
        self._thread = threading.Thread(target=self.run, name="funnelkit service", daemon=True)
        self._thread.start()
        return address

    def __exit__(self, *error):
        self.stop()
        self._thread.join(2 * PATIENCE)


# ---------------------------------------------------------------- requests that cannot be read


class _ErrorTask(ErrorTask):
    """Answer a request that waitress cannot read in the form of all other answers."""

    def execute(self):
        error = self.request.error
        told = too_large()
        if error.code != 413:
            what = "the request cannot be read as HTTP"
            told = Refused(error.code, Problem("", what, "see GET /openapi.json"))
        body = json.dumps(problems_json(told)).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), *HEADERS.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
        LOG.info("%s before it was read", error.code)


class _Channel(HTTPChannel):
    error_task_class = _ErrorTask


def log_to_stderr():
    """Write the service's log, a line per request, to the standard error output."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
