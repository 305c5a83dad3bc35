"""The verb ``report``: a file as it comes, and one page of HTML."""

import datetime as dt
import re
from pathlib import Path

__all__ = ["add_options", "report"]

LARGE = 16 * 2**20  # bytes; from here on a database reads the file
SECOND = 4 * LARGE  # up to here a file that the database refuses is read value by value
TABS = {"tab": "\t", "\\t": "\t"}


def add_options(verb):
    """Give a parser the options of the report."""
    verb.add_argument("file", help="an export: separated columns, or one JSON object per line")
    verb.add_argument("--steps", metavar="A,B,C", help="events of the funnel, first step first")
    verb.add_argument(
        "--window", default="14d", metavar="TIME", help="from entry to last step (default: 14d)"
    )
    verb.add_argument("--to", metavar="FILE", help="default: NAME-report.html in this folder")
    verb.add_argument("--overwrite", action="store_true", help="replace a report that is there")
    verb.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="WHAT=COLUMN",
        help="user, event, time or amount, or a step, and its column; may be repeated",
    )
    verb.add_argument("--dates", choices=["dmy", "mdy", "ymd"], help="order of day and month")
    verb.add_argument("--decimal", choices=[".", ","], help="sign before the decimals")
    verb.add_argument("--zone", help="time zone of days and weeks, such as Europe/Berlin")
    verb.add_argument("--until", metavar="DATE", help="last day of the data, such as 2026-06-30")
    verb.add_argument("--encoding", help="such as cp1250")
    verb.add_argument("--separator", metavar="SIGN", help="between columns, such as ';' or tab")
    verb.epilog = (
        "What may mean two things is asked, never guessed. Nothing is sent anywhere, and no "
        "e-mail address is printed."
    )


def report(options, others):
    """Write the weekly report on somebody's file; what is unclear is asked as an error."""
    from funnelkit import _inputs, ingest
    from funnelkit.ingest.large import is_plain, read_large_log
    from funnelkit.report import page, save, weekly

    source = Path(options.file)
    target = Path(options.to or f"{_stem(source)}-report.html")
    if target.is_dir():
        raise ValueError(
            f"--to is a folder, {target.name}: name the page in it, --to "
            f"{target / _stem(source)}-report.html"
        )
    if target.exists() and source.exists() and target.samefile(source):
        raise ValueError("--to names the file itself: give another name")
    if target.exists() and not options.overwrite:
        raise ValueError(
            f"{target.name} is there already and was left as it is: add --overwrite, or give "
            "another name, --to NAME.html"
        )
    try:
        # pandas writes a day as D
        text = re.sub(r"(?<=[\d ])d$", "D", options.window.strip())
        window = _inputs.duration("window", text)
    except TypeError as error:  # 14 of what?
        raise ValueError(str(error)) from None
    mapping = _mapping(options.map)
    steps = _steps(options.steps)
    reading = {"mapping": mapping, "zone": options.zone}
    bought, personal = None, []
    # What has not happened yet is a slip of the pen, and would make every week an old one.
    until = options.until or dt.date.today().isoformat()
    log = None
    if _is_large(source) and steps and is_plain(source, mapping=mapping):
        try:
            log = read_large_log(source, steps, until=until, **reading)
        except ValueError:  # lines below the table, for instance; or there is a message to give
            if source.stat().st_size > SECOND:
                raise
    if log is None:
        table = ingest.read(source, encoding=options.encoding, separator=_separator(options))
        reading["dates"] = options.dates
        log = ingest.to_log(table, steps, until=until, **reading)
        personal = list(ingest.personal_columns(table).index)
        if "amount" in mapping or log.attrs["source"] == "Shopify orders":
            bought = _bought(table, log, options.decimal, reading)
    found = weekly(log, window=window, observed_until=options.until)
    text = page(found, name=source.name, made=dt.date.today(), bought=bought, personal=personal)
    path = save(text, target, overwrite=options.overwrite)
    print(f"Written: {path}. It opens in any browser, and nothing has left this machine.")
    return 0


def _bought(table, log, decimal, reading):
    """Summarise the orders of a file; of one with a row per event, those of one event."""
    from funnelkit import ingest
    from funnelkit.ingest.columns import ROLES
    from funnelkit.report import purchases

    mapping, said = reading["mapping"], []
    if log.attrs["source"] != "Shopify orders" and not set(mapping) - set(ROLES):
        event = table[ingest.find_column(table, "event", mapping=mapping)].str.strip()
        amount = table[ingest.find_column(table, "amount", mapping=mapping)]
        priced = event[amount.notna()].value_counts()
        # An offer of 500 and the order of 500 are not 1,000: the last step with amounts counts.
        last = next((step for step in log.attrs["steps"][::-1] if step in priced), None)
        if last is not None:
            table = table[event == last]
            said = [("orders", f"rows of “{last}” that have an amount")]
            if priced.sum() > priced[last]:
                n = priced.sum() - priced[last]
                said.append(("left out", f"amounts in {n:,} rows of other events"))
    bought = purchases(ingest.orders(table, decimal=decimal, **reading))
    bought.attrs["notes"] = said + bought.attrs["notes"]
    return bought


def _is_large(source):
    return source.is_file() and source.stat().st_size > LARGE


def _stem(source):
    return re.sub(r"(\.csv|\.tsv|\.txt|\.json|\.jsonl)?(\.gz)?$", "", source.name)


def _steps(text):
    return [step.strip() for step in text.split(",")] if text is not None else None


def _separator(options):
    return TABS.get(options.separator, options.separator)


def _mapping(pairs):
    mapping = {}
    for pair in pairs:
        what, sign, column = pair.partition("=")
        if not sign or not what.strip() or not column.strip():
            raise ValueError(
                f"--map is {pair!r}: give what and its column, --map time='Created at'"
            )
        mapping[what.strip()] = column.strip()
    return mapping
