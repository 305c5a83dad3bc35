"""The report as one page of HTML: no script, no font, no picture from elsewhere.

Every name that comes from the data is escaped, and an e-mail address in it is not printed.
"""

import datetime as dt
from pathlib import Path

import pandas as pd

from funnelkit import _inputs, plots
from funnelkit.report.figures import funnel_figure, weeks_figure
from funnelkit.report.pieces import (
    Section,
    day_of,
    figure,
    interval,
    listed,
    paragraph,
    points,
    safe,
    signed,
    table,
    written,
)
from funnelkit.report.style import STYLE
from funnelkit.report.weeks import Weekly

__all__ = ["page", "save"]

# A browser that keeps to this loads nothing, whatever a name in the data may say.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
SHOWN = 13  # weeks in the table: a quarter


def page(found, *, name="log", made=None, bought=None, personal=(), first=(), more=()):
    """Write what was found as one page of HTML.

    Parameters
    ----------
    found : Weekly
        What `weekly` returns.
    name : str, default "log"
        What to call the data, such as the name of the file.
    made : str or date, optional
        The day of the report; today when not given.
    bought : DataFrame, optional
        What `purchases` returns.
    personal : sequence of str, optional
        Names of columns with personal data, of which the page says that it prints none.
    first, more : sequence of Section
        What else belongs on the page: below the summary, and below the alarms.

    Returns
    -------
    str
        The page. It opens offline and prints.

    Examples
    --------
    >>> from funnelkit.contract import example_events
    >>> from funnelkit.report import weekly
    >>> found = weekly(example_events(), ["visit", "lead", "customer"], window="7D")
    >>> "://" in page(found, name="example")
    False
    """
    if not isinstance(found, Weekly):
        raise TypeError(f"found is {_inputs.name_of_type(found)}: give what report.weekly returns")
    _inputs.need_texts(name=name)
    made = _inputs.moment("made", made or dt.date.today())
    if bought is not None:
        _inputs.need_columns(bought, ["value", "ci_low", "ci_high"], "bought")
        for column in ("value", "ci_low", "ci_high"):
            _inputs.numbers(f"column {column!r}", bought[column], missing="keep")
    personal = _inputs.names("personal", personal)
    for each in personal:
        _inputs.need_texts(personal=each)
    first, more = _sections("first", first), _sections("more", more)
    title = f"Weekly report: {name}"
    parts = [
        _head(found, title, made),
        _summary(found),
        *first,
        _funnel(found),
        _by_week(found),
        _changes(found),
        _alarm_list(found),
        *more,
        _purchases(bought),
        _door(found, personal),
        _limits(found, bought),
        _memo(found),
        "<footer>Made on this machine by Funnelkit. The page holds all that it needs; nothing was "
        "sent anywhere.</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def save(text, path, *, overwrite=False):
    """Write a page to a file, and not over another one unless told.

    Parameters
    ----------
    text : str
        What `page` returns.
    path : str or Path
        Where to.
    overwrite : bool, default False
        Replace a file that is there.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If there is a file already.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = save("<!DOCTYPE html>", pathlib.Path(tempfile.mkdtemp(), "report.html"))
    >>> path.name
    'report.html'
    """
    _inputs.need_texts(text=text)
    if text is None:
        raise TypeError("text is None: give what report.page returns")
    _inputs.need_flags(overwrite=overwrite)
    if not isinstance(path, str | Path) or not str(path).strip():
        raise TypeError(f"path is {_inputs.name_of_type(path)}: give the path of a file as text")
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path.name} is not the name of a page: let it end in .html")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent.name}: make it, or choose another")
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ValueError(
            f"{path.name} is there already and was left as it is: add overwrite=True "
            "(--overwrite), or give another name (--to NAME.html)"
        ) from None
    return path


# ---------------------------------------------------------------- the parts


def _sections(name, sections):
    """Return sections as HTML."""
    if isinstance(sections, Section) or not pd.api.types.is_list_like(sections):
        raise TypeError(f"{name} is {_inputs.name_of_type(sections)}: give a list of Section")
    for each in sections:
        if not isinstance(each, Section):
            raise TypeError(f"{name} holds {_inputs.name_of_type(each)}: give each as a Section")
    return [written(each) for each in sections]


def _head(found, title, made):
    (first, last), grain = found.span, found.attrs.get("grain", "one row per event")
    zone = found.attrs.get("zone") or "not said in the file; times as written"
    facts = [
        f"Data from {day_of(first)} to {day_of(last)}; made {day_of(made)}",
        f"{found.counts['events']:,} events of {found.counts['users']:,} users, "
        f"{found.counts['entered']:,} of whom entered at “{found.steps[0]}”",
        f"Grain: {grain}",
        f"Window: {_days(found.window)} from a user's first entry; weeks from Monday to Sunday, "
        "numbered as ISO 8601 does",
        f"Time zone: {zone}",
    ]
    return f"<header><h1>{safe(title)}</h1>{listed(facts)}</header>"


def _days(window):
    days = window / pd.Timedelta("1D")
    return f"{days:g} day{'s' * (days != 1)}" if days >= 1 else f"{24 * days:g} hours"


def _summary(found):
    """Say in three sentences what there is to know."""
    said = []
    if found.overall is not None:
        o = found.overall
        said.append(
            f"Of {o['users']:,.0f} users whose {_days(found.window)} are over, "
            f"{o['converted']:,.0f} reached “{found.steps[-1]}”: {plots.percent(o['rate'])} "
            f"(95 % interval {interval(o['ci_low'], o['ci_high'])})."
        )
    if found.changes is not None:
        row = found.changes.iloc[0]
        said.append(
            f"In {found.changes.attrs['now']}, the last whole week, {row['now']:,.0f} entered, "
            f"after {row['before']:,.0f} the week before" + _against(row["ci_low"], row["ci_high"])
        )
    n = len(found.alarms)
    said.append(f"{n} alarm{'s' * (n != 1)}, listed below." if n else "No alarm.")
    return "<section><h2>In short</h2>" + "".join(map(paragraph, said)) + "</section>"


def _against(low, high):
    if pd.isna(low):
        return "."
    said = f"95 % interval of the change {interval(low, high, signed)}"
    if low > 0 or high < 0:
        return f" ({said}): more than chance explains, if people come independently."
    return f" ({said}): may be chance."


def _funnel(found):
    head = "<section><h2>The funnel</h2>"
    if found.funnel is None:
        return head + paragraph(f"Left out: {found.absent['funnel']}.") + "</section>"
    rows = [
        [
            step,
            f"{row['users']:,}",
            plots.percent(row["step_rate"]),
            interval(row["ci_low"], row["ci_high"]),
            plots.percent(row["overall_rate"]),
            _length(row["median_time"]),
        ]
        for step, row in found.funnel.iterrows()
    ]
    heads = ["Step", "Users", "Of the step before", "95 % interval", "Of all", "Median time"]
    left = found.funnel.attrs.get("left_out", 0)
    caption = "Users who reached each step in order, within the window"
    picture = figure(*funnel_figure(found), "Users at each step, and the rate between steps.")
    note = paragraph(f"{left:,} users entered too recently to be counted: their window runs on.")
    return head + picture + table(heads, rows, caption) + (note if left else "") + "</section>"


def _length(time):
    if pd.isna(time):
        return "–"
    days = time / pd.Timedelta("1D")
    if days >= 2:
        return f"{days:.1f} days"
    return f"{24 * days:.1f} hours" if days >= 1 / 12 else f"{24 * 60 * days:.0f} minutes"


def _by_week(found):
    rows = [
        [
            week,
            f"{row['entered']:,}",
            "–" if pd.isna(row["converted"]) else f"{row['converted']:,}",
            plots.percent(row["rate"]),
            interval(row["ci_low"], row["ci_high"]),
            row["state"],
        ]
        for week, row in found.weeks.tail(SHOWN).iterrows()
    ]
    heads = ["Week", "Entered", "Converted", "Rate", "95 % interval", "Note"]
    caption = f"The last {len(rows)} weeks: users by the week in which they entered"
    picture = ""
    if found.weeks["rate"].notna().sum() >= 2:
        said = "Share of each week's entries that converted within the window."
        picture = figure(*weeks_figure(found), said)
    return f"<section><h2>Week by week</h2>{picture}" + table(heads, rows, caption) + "</section>"


def _changes(found):
    lines = ["<section><h2>What changed since last week</h2>"]
    if found.changes is None:
        lines.append(paragraph(f"Counts left out: {found.absent['changes']}."))
    else:
        before, now = found.changes.attrs["before"], found.changes.attrs["now"]
        rows = [
            [
                step,
                f"{row['before']:,.0f}",
                f"{row['now']:,.0f}",
                f"{row['difference']:+,.0f}".replace("-", "−") if row["difference"] else "0",
                "–" if pd.isna(row["relative"]) else signed(row["relative"]),
                interval(row["ci_low"], row["ci_high"], signed),
            ]
            for step, row in found.changes.iterrows()
        ]
        heads = ["Step", before, now, "Change", "In percent", "95 % interval"]
        lines.append(
            table(heads, rows, "Users who reached each step, by the week in which they did")
        )
    if found.rate is None:
        lines.append(paragraph(f"Rate left out: {found.absent['rate']}."))
    else:
        r = found.rate
        relative = "" if pd.isna(r["relative"]) else f", {signed(r['relative'])}"
        lines.append(
            paragraph(
                f"Conversion of the last week whose windows are over, {r.attrs['now']}: "
                f"{plots.percent(r['now'])}, after {plots.percent(r['before'])} in "
                f"{r.attrs['before']}: {points(r['difference'])}{relative} (95 % interval of the "
                f"difference {points(r['ci_low'])} to {points(r['ci_high'])})."
            )
        )
    return "".join(lines) + "</section>"


def _alarm_list(found):
    lines = ["<section><h2>Alarms</h2>"]
    if len(found.alarms):
        lines.append(listed(f"{when}: {what}" for when, what in found.alarms.to_numpy()))
    else:
        lines.append(paragraph("None."))
    if "alarms" in found.absent:
        lines.append(paragraph(f"Not watched: {found.absent['alarms']}."))
    return "".join(lines) + "</section>"


def _purchases(bought):
    if bought is None:
        return ""
    rows = []
    for what, row in bought.iterrows():
        write = _writer(what)
        rows.append([what, write(row["value"]), interval(row["ci_low"], row["ci_high"], write)])
    summed = table(["What", "Value", "95 % interval"], rows, "Orders in the file")
    notes = [f"{what}: {why}" for what, why in bought.attrs.get("notes", [])]
    return f"<section><h2>Orders</h2>{summed}{listed(notes) if notes else ''}</section>"


def _writer(what):
    if what.startswith("share"):
        return plots.percent
    return plots.count if what in ("orders", "customers") else "{:,.2f}".format


def _door(found, personal):
    """Say how the file was read, what was wrong in it, and what was left out."""
    lines = ["<section><h2>The data at the door</h2>"]
    notes = [f"{what}: {why}" for what, why in found.attrs.get("notes", [])]
    if notes:
        lines += ["<h3>How the file was read</h3>", listed(notes)]
    faults = found.attrs.get("faults")
    if faults is not None and (faults["rows"] > 0).any():
        rows = [
            [check, row["kind"], f"{row['rows']:,}", plots.percent(row["share"])]
            for check, row in faults[faults["rows"] > 0].iterrows()
        ]
        lines.append(table(["Check", "Kind", "Rows", "Share"], rows, "Faults that were found"))
    left = {what: n for what, n in found.attrs.get("left_out", {}).items() if n}
    if left:
        lines.append(
            paragraph("Left out: " + "; ".join(f"{n:,} {w}" for w, n in left.items()) + ".")
        )
    if personal:
        names = ", ".join(map(str, personal))
        lines.append(
            paragraph(f"Personal data are in the file ({names}). None of these values is printed.")
        )
    return "".join(lines) + "</section>" if len(lines) > 1 else ""


def _limits(found, bought):
    """Say what the report cannot say."""
    said = [
        "Why something changed. Nothing here was randomised: a rate that rose after a change of "
        "the page may have risen for another reason.",
        "Which rows are one person. A user is what the file calls one "
        f"({found.attrs.get('grain', 'one row per event')}); people with two devices or "
        "addresses are counted twice.",
        "Whether a change is real, from the largest of many. Of twenty comparisons in which "
        "nothing changed, one is expected to have a 95 % interval without zero.",
        f"What happens after {_days(found.window)}: later conversions are not counted.",
    ]
    if found.attrs.get("warning"):
        said.append(f"This kind of file: {found.attrs['warning']}.")
    if bought is not None:
        said.append("What an order earned: amounts are sales, not margin.")
    if not found.attrs.get("zone"):
        said.append("Exact days: the file does not say its time zone.")
    return f"<section><h2>What this cannot say</h2>{listed(said)}</section>"


def _memo(found):
    number = "…"
    if found.overall is not None:
        o = found.overall
        number = f"{plots.percent(o['rate'])} ({interval(o['ci_low'], o['ci_high'])})"
    blanks = ["To", "We decide to", "Because", "What would change our mind", "Looked at again on"]
    rows = "".join(f"<dt>{safe(blank)}</dt><dd></dd>" for blank in blanks[:2])
    rows += f"<dt>The number, and its interval</dt><dd>{safe(number)}</dd>"
    rows += "".join(f"<dt>{safe(blank)}</dt><dd></dd>" for blank in blanks[2:])
    return f'<section class="memo"><h2>The decision</h2><dl>{rows}</dl></section>'
