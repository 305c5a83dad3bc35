"""The runner: one step after the other, each result written whole, so that a run can be killed.

A run folder holds the tables of each step, `model.json`, `report.html` and `manifest.json`. The
manifest is the only place that says a step is done: it is replaced after the step's files, at one
stroke. A run that was killed in between finds the step not done, and does it again.

Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from sqlalchemy.exc import DBAPIError

import funnelkit
from funnelkit import _inputs, automation, crm, report, school
from funnelkit.pipeline import files, folders, gate, measures, sources, steps, summary

__all__ = ["STEPS", "read", "run"]

GRAIN = "one row per event; browsers of one person are joined where the person is known"
FUNNEL = ["visit", "lead", "opportunity", "customer"]


@dataclass
class Settings:
    """What a run was asked for."""

    observed_until: str
    since: str | None
    capacity: int
    limit: float
    noise: float
    window: str
    name: str
    rules: pd.DataFrame
    store: str | None
    folder: Path
    given: dict = field(default_factory=dict)

    @property
    def url(self):
        """The store's address; without one, of a database in the run folder."""
        return self.store or f"sqlite:///{(self.folder / 'crm.db').as_posix()}"


# ---------------------------------------------------------------- the steps, in their order
#
# Each takes the tables so far, by name, and returns those that it makes or changes; a result that
# is not a table is the content of a file.


def _ingest(tables, asked):
    return sources.ingest(asked.given, observed_until=asked.observed_until)


def _gate(tables, asked):
    passed = gate.quality_gate(tables, limit=asked.limit, noise=asked.noise)
    return passed | steps.join_people(passed["leads"], passed["events"], passed["visitors"])


def _store(tables, asked):
    deals = _deals_of_people(tables)
    stages = tables["stages"]
    return steps.fill_store(asked.url, tables["people"], deals, stages, at=asked.observed_until)


def _segments(tables, asked):
    at = asked.observed_until
    return {"segments": steps.segment_customers(tables["orders"], observed_until=at)}


def _scores(tables, asked):
    at, people = asked.observed_until, tables["people"]
    model = steps.learn_model(people, observed_until=at)
    scores = steps.score_leads(people, model, observed_until=at, capacity=asked.capacity)
    if model is None:
        return {"scores": scores}
    beside = asked.folder / ".model.new"
    model.save(beside)
    content = beside.read_bytes()
    beside.unlink()
    return {"scores": scores, "model.json": content}


def _recommendations(tables, asked):
    names = ("ratings", "courses", "customers")
    return {"recommendations": steps.recommend(*(tables[name] for name in names))}


def _automation(tables, asked):
    return steps.automate(
        asked.url,
        tables["people"],
        _deals_of_people(tables),
        tables["stages"],
        rules=asked.rules,
        observed_until=asked.observed_until,
        since=asked.since,
    )


def _report(tables, asked):
    log = tables["log"]
    if not (log["event"] == FUNNEL[0]).any():
        raise ValueError(
            f"events has no row with the event {FUNNEL[0]!r} by {asked.observed_until[:10]}: there "
            "is no funnel to report on; all steps before the report are done"
        )
    # A step that nobody has reached yet is a step all the same.
    steps_and_others = [*FUNNEL, *log.loc[~log["event"].isin(FUNNEL), "event"].unique()]
    log["event"] = pd.Categorical(log["event"], steps_and_others)
    log.attrs = {"zone": "UTC", "grain": GRAIN}
    found = report.weekly(log, FUNNEL, window=asked.window, observed_until=asked.observed_until)
    four = measures.four_measures(tables, found, observed_until=asked.observed_until)
    page = summary.make_page(
        tables, four, found, made=asked.observed_until, capacity=asked.capacity, name=asked.name
    )
    return {"measures": four, "report.html": page.encode()}


STEPS = {
    "ingest": _ingest,
    "gate": _gate,
    "store": _store,
    "segments": _segments,
    "scores": _scores,
    "recommendations": _recommendations,
    "automation": _automation,
    "report": _report,
}


def _deals_of_people(tables):
    """Return the deals, each with the id under which its person is known."""
    deals = tables["deals"]
    person = sources.looked_up(deals["lead_id"], tables["records"], "lead_id", "person")
    return deals.assign(lead_id=person)


# ---------------------------------------------------------------- running them


def run(
    folder,
    tables=None,
    *,
    observed_until=None,
    since=None,
    capacity=36,
    limit=0.02,
    noise=0.25,
    window="14D",
    rules=steps.RULES,
    store=None,
    name="the school",
    until=None,
    watch=None,
):
    """Run the steps, from the tables to the report, or go on where an earlier run stopped.

    Parameters
    ----------
    folder : str or Path
        The run folder: a new or empty one, or that of an earlier run of the same inputs.
    tables : dict of DataFrame, str or Path, optional
        As in `ingest`; the school's when not given.
    observed_until : date, optional
        The moment of the run; what came later is not looked at. The school's last day when not
        given.
    since : date, optional
        As in `automate`.
    capacity : int, default 36
        As in `score_leads`.
    limit, noise : float
        As in `quality_gate`.
    window : duration, default "14D"
        As in `report.weekly`.
    rules : DataFrame
        As in `automate`.
    store : str, optional
        The address of the CRM's database, such as ``"sqlite:///crm.db"``, for several weeks' runs;
        a database in the run folder when not given.
    name : str, default "the school"
        What the report calls the company.
    until : str, optional
        Stop after this step.
    watch : callable, optional
        Called with the name of each step before it is done.

    Returns
    -------
    DataFrame
        One row per step: `state` ("done now", "done before" or "not done"), `rows_in`, `rows_out`
        (of the tables that it took and made) and its `files`.

    Raises
    ------
    ValueError
        If the folder holds something else, or a run of other inputs, another version of the course
        or other options; if another run is at work in it; if the gate stops the run.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> run(folder, until="gate")["state"].head(3).tolist()
    ['done now', 'done now', 'not done']
    >>> run(folder, until="gate")["state"].head(3).tolist()
    ['done before', 'done before', 'not done']
    """
    folder = folders.need_folder(folder)
    if until is not None:
        _inputs.one_of("until", until, tuple(STEPS))
    if watch is not None:
        _inputs.need_callable("watch", watch, "a function of the name of a step")
    _inputs.need_texts(name=name, store=store)
    automation.Engine(rules, list(crm.MOVES))  # refuses rules that the seventh step could not use
    end = _inputs.end_of_data("observed_until", observed_until or school.END)
    asked = Settings(
        observed_until=str(end),
        since=None if since is None else str(steps.begin_of_mails(since, end)),
        capacity=_inputs.whole("capacity", capacity, at_least=0, at_most=steps.MOST),
        limit=_inputs.number("limit", limit, at_least=0, at_most=1),
        noise=_inputs.number("noise", noise, at_least=0, at_most=1),
        window=str(_inputs.duration("window", window)),
        name=name,
        rules=_inputs.need_table(rules, "rules"),
        store=store,
        folder=folders.real_path(folder),
        given=sources.need_tables(tables),
    )
    folders.make_folder(folder)  # not before, so that a wrong call leaves none behind
    _need_store(store)  # which may lie in it
    folder = asked.folder
    with files.alone(folder):
        manifest = _begin(folder, asked)
        folders.remove_torn(folder)
        done = [step["step"] for step in manifest["steps"]]
        for step in STEPS:
            if step not in done:
                if watch is not None:
                    watch(step)
                _do(step, manifest, asked)
            if step == until:
                break
    return _table_of(manifest, done)


def read(folder, name):
    """Read a table of a run, as its last step that made it left it.

    Parameters
    ----------
    folder : str or Path
        The run folder.
    name : str
        The name of the table, such as "scores".

    Returns
    -------
    DataFrame
        The table, with its types.

    Raises
    ------
    ValueError
        If the run has no such table, or its file is not as it was written.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> done = run(folder, until="segments")
    >>> len(read(folder, "contacts"))
    6290
    """
    folder = folders.need_path(folder)
    manifest = _manifest_of(folder)
    if manifest is None:
        raise ValueError(f"{folder.name} is not a run folder: make one with pipeline.run")
    tables = _Tables(folder, manifest)
    _inputs.need_known(name, list(tables), "table of the run")
    return tables[name]


def _need_store(store):
    """Refuse a store that cannot be opened, or that the next step would not find again."""
    if store is None:
        return
    remedy = "give a file in a folder that is there, such as 'sqlite:///crm.db', or leave it out"
    if store.rstrip("/") == "sqlite:" or ":memory:" in store:
        raise ValueError(f"store is a database in memory, which ends with each step: {remedy}")
    try:
        crm.Store(store)
    except (DBAPIError, ModuleNotFoundError) as error:
        # What the database says may repeat the address, and a password with it.
        why = error.msg.lower() if isinstance(error, ImportError) else type(error.orig).__name__
        raise ValueError(f"store cannot be opened ({why}): {remedy}") from None


def _do(step, manifest, asked):
    """Do a step, write its results, and then note in the manifest that it is done."""
    folder, number = asked.folder, len(manifest["steps"]) + 1
    tables = _Tables(folder, manifest)
    made = STEPS[step](tables, asked)
    entry = {"step": step, "files": []}
    for name, result in made.items():
        if isinstance(result, bytes):
            path, content, more = name, result, {}
        else:
            content, form = files.to_csv(result)
            path, more = f"{number}_{step}/{name}.csv", {"rows": len(result), "form": form}
        folders.write_result(folder, path, content)
        digest = files.digest_of_bytes(content)
        entry["files"].append({"name": name, "file": path, "sha256": digest, **more})
    entry["rows_in"] = sum(len(each) for each in (tables.taken or asked.given).values())
    entry["rows_out"] = sum(each.get("rows", 0) for each in entry["files"])
    manifest["steps"].append(entry)
    folders.write_manifest(folder, manifest)


class _Tables(Mapping):
    """The tables of a run by name, each read when it is asked for: from the file, and never kept.

    So a step gets the same whether the steps before it ran just now or before a kill.
    """

    def __init__(self, folder, manifest):
        entries = [each for done in manifest["steps"] for each in done["files"] if "form" in each]
        self.entries = {each["name"]: each for each in entries}  # the last one of a name
        self.folder, self.taken = folder, {}

    def __getitem__(self, name):
        if name not in self.taken:
            self.taken[name] = _read_file(self.folder, self.entries[name])
        return self.taken[name]

    def __iter__(self):
        return iter(self.entries)

    def __len__(self):
        return len(self.entries)


def _read_file(folder, entry):
    """Read a table if it is as it was written."""
    path = folder / entry["file"]
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if files.digest_of_bytes(content) != entry["sha256"]:
        raise ValueError(
            f"{entry['file']} is not as the run wrote it (changed, damaged or gone): begin again "
            "in a new folder, and keep tables of your own elsewhere"
        )
    return files.from_csv(content, entry["form"])


# ---------------------------------------------------------------- the manifest


def _begin(folder, asked):
    """Return the manifest of the run in the folder, a new one if there is none."""
    inputs = {
        name: {"rows": len(table), "sha256": files.digest_of_table(table)}
        for name, table in asked.given.items()
    }
    options = {
        name: getattr(asked, name)
        for name in ("observed_until", "since", "capacity", "limit", "noise", "window", "name")
    }
    options["rules"] = files.digest_of_table(asked.rules)
    # The address of a server may hold a password, which a manifest is no place for.
    options["store"] = asked.store and files.digest_of_bytes(asked.store.encode())
    manifest = _manifest_of(folder)
    if manifest is None:
        manifest = {"kind": folders.KIND, "version": funnelkit.__version__, "inputs": inputs}
        manifest |= {"options": options, "steps": []}
        folders.write_manifest(folder, manifest)
        return manifest
    if manifest["version"] != funnelkit.__version__:
        raise ValueError(
            f"{folder.name} is a run of version {manifest['version']} of the course, and this is "
            f"{funnelkit.__version__}: begin a new run in another folder"
        )
    for what, old, new in (
        ("table", manifest["inputs"], inputs),
        ("option", manifest["options"], options),
    ):
        changed = [name for name in new if old.get(name) != new[name]]
        if changed:
            raise ValueError(
                f"{folder.name} is a run of other inputs: {what} {changed[0]!r} has changed since"
                f"{f', and {len(changed) - 1} more' if len(changed) > 1 else ''}; give what it was "
                "begun with, or begin a new run in another folder"
            )
    return manifest


def _manifest_of(folder):
    """Return the manifest, with the steps up to the first that is not done; None without one.

    A step after a gap was done with what is not there any more.
    """
    manifest = folders.read_manifest(folder)
    if manifest is not None:
        done = [entry["step"] for entry in manifest["steps"]]
        places = zip(STEPS, done, strict=False)
        right = next((n for n, (step, was) in enumerate(places) if step != was), len(STEPS))
        manifest["steps"] = manifest["steps"][:right]
    return manifest


def _table_of(manifest, before):
    """Return the steps of a run as a table."""
    entries = {entry["step"]: entry for entry in manifest["steps"]}
    rows = []
    for step in STEPS:
        entry = entries.get(step)
        state = "not done" if entry is None else "done before" if step in before else "done now"
        counts = (
            [0, 0, 0]
            if entry is None
            else [entry["rows_in"], entry["rows_out"], len(entry["files"])]
        )
        rows.append([step, state, *counts])
    columns = ["step", "state", "rows_in", "rows_out", "files"]
    return pd.DataFrame(rows, columns=columns).set_index("step")
