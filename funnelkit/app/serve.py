"""The verb ``serve``: the scoring service of a model's file, until Ctrl+C."""

import os
from pathlib import Path

__all__ = ["KEY", "add_options", "serve"]

KEY = "FUNNELKIT_KEY"  # the environment variable that holds the service's key
LONGEST = 1000  # characters of a file with a key
MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def add_options(verb):
    """Give a parser the options of the service."""
    verb.add_argument("model", help="the file that LeadModel.save wrote, such as lead_model.json")
    verb.add_argument(
        "--port", type=int, default=8080, help="default: %(default)s; 0 takes a free one"
    )
    verb.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="default: this machine alone; 0.0.0.0 for all who reach it",
    )
    verb.add_argument(
        "--key-file", metavar="FILE", help=f"holds the service's key; else {KEY} has it"
    )
    verb.epilog = (
        f"The key is a secret that every request for a score gives. Make one with {MAKE_ONE}. "
        "The log, a line per request, has no id and no text of anybody."
    )


def serve(options, others):
    """Read the model and serve it until Ctrl+C or SIGTERM."""
    from funnelkit.scoring import load_model

    key = _key(options.key_file)
    model = load_model(options.model)
    from funnelkit.service import server

    service = server.Service(model, key=key, port=options.port, host=options.host)
    server.log_to_stderr()
    address = service.listen()
    print(f"Model {model.version} answers at {address}/score; Ctrl+C stops it.", flush=True)
    service.run_until_signalled()
    print("Stopped.")
    return 0


def _key(file):
    """Return the key from its file or from the environment; it is never printed."""
    if file:
        path = Path(file)
        if path.is_dir():
            raise ValueError(f"--key-file is a folder, {path.name}: name the file in it")
        try:
            with path.open("rb") as holder:  # no more of it than a key can be
                return holder.read(LONGEST).decode("ascii").strip()
        except UnicodeDecodeError:
            raise ValueError(f"{path.name} does not hold a key: make one with {MAKE_ONE}") from None
    if key := os.environ.get(KEY):
        return key
    raise ValueError(
        f"there is no key: make one with {MAKE_ONE}, and set {KEY} to it or name its file, "
        "--key-file FILE"
    )
