"""The course's tables: how to load them, and where they are.

``load`` checks each table against its schema (`funnelkit.schemas`) and its checksum.
"""

import gzip
import hashlib
import json
import zlib
from functools import lru_cache
from pathlib import Path

import pandas as pd

from funnelkit.schemas import KINDS, SCHEMAS, Schema, allowed_values, check_table, schema_of

__all__ = [
    "checksum",
    "data_folder",
    "describe",
    "dictionary",
    "load",
    "read_content",
    "tables",
    "truth",
    "verify_checksums",
]


def __dir__():
    return __all__


def data_folder() -> Path:
    """Return the folder of the tables: ``datasets/`` of the clone, or the one that was installed.

    Returns
    -------
    pathlib.Path
        The folder, wherever the current directory is.

    Raises
    ------
    FileNotFoundError
        If there is neither.

    Examples
    --------
    >>> (data_folder() / "checksums.json").is_file()
    True
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parent / "datasets", package / "_datasets"):
        # Another package that is called datasets may be beside an installed one.
        if (folder / "checksums.json").is_file():
            return folder
    raise FileNotFoundError(
        "funnelkit found no tables: neither a folder 'datasets' beside its code nor tables that "
        "were installed with it. Download or clone the whole course again, go into it, and run "
        "`python start.py lab`."
    )


def tables() -> list[str]:
    """Return the names of the tables that `load` knows.

    Returns
    -------
    list of str
        The names, in the order of the data dictionary.

    Examples
    --------
    >>> "events" in tables()
    True
    """
    return list(SCHEMAS)


def load(name: str) -> pd.DataFrame:
    """Load one of the course's tables, typed and checked.

    Parameters
    ----------
    name : str
        One of `tables`.

    Returns
    -------
    pandas.DataFrame
        One row as `describe` says. Text is ``str``, times are ``datetime64[s]`` in naive UTC.

    Raises
    ------
    ValueError
        If there is no table of that name; if the file is not the one that the course ships
        (its checksum differs); if a column is missing or holds what its dictionary excludes.
    FileNotFoundError
        If the file is not there.

    Examples
    --------
    >>> load("cdnow").shape
    (6919, 5)
    """
    schema = schema_of(name)
    path = data_folder() / schema.file
    if not path.is_file():
        raise FileNotFoundError(
            f"table {name!r} should be in datasets/{schema.file}, and there is no such file. "
            "Download or clone the course again, or run `funnelkit doctor`."
        )
    stat = path.stat()
    # A shallow copy is enough: pandas copies on write, so nobody can change the kept table.
    return _load(name, path, stat.st_mtime_ns, stat.st_size).copy(deep=False)


@lru_cache(maxsize=len(SCHEMAS))
def _load(name: str, path: Path, changed: int, size: int) -> pd.DataFrame:
    """Read and check a table, once for each state of its file."""
    schema = SCHEMAS[name]
    content = read_content(path)
    problem = _checksum_problem(schema.file, content)
    if problem:
        raise ValueError(problem)
    return check_table(_parse(content, schema), name)


def describe(name: str) -> pd.DataFrame:
    """Return the data dictionary of a table: one row per column.

    Parameters
    ----------
    name : str
        One of `tables`.

    Returns
    -------
    pandas.DataFrame
        Index ``column``; columns ``type``, ``unit``, ``allowed``, ``missing``, ``meaning``.
        ``attrs["row"]`` says what a row of the table is.

    Raises
    ------
    ValueError
        If there is no table of that name.

    Examples
    --------
    >>> describe("events").loc["device", "allowed"]
    'mobile, desktop'
    """
    schema = schema_of(name)
    table = pd.DataFrame(
        {
            "column": schema.names,
            "type": [column.kind for column in schema.columns],
            "unit": [column.unit or "–" for column in schema.columns],
            "allowed": [allowed_values(column) for column in schema.columns],
            "missing": [column.missing or "never" for column in schema.columns],
            "meaning": [column.meaning for column in schema.columns],
        }
    ).set_index("column")
    table.attrs["row"] = schema.row
    return table


def truth() -> dict:
    """Return what was planted in the simulated tables, and what came of it.

    A company never has this. Here it lets a lesson ask whether an analysis found what is there.

    Returns
    -------
    dict
        ``seed``; ``model``, the parameters; ``facts``, counts that no table shows directly;
        ``leads``, the lead_ids of each hidden segment, each intent and each planted fault.

    Examples
    --------
    >>> truth()["facts"]["outage_day"]
    '2026-03-18'
    """
    return _read_json("truth.json")


def verify_checksums() -> list[str]:
    """Compare every data file with the checksum that the course ships.

    Returns
    -------
    list of str
        One sentence per problem; empty if all is well.

    Examples
    --------
    >>> verify_checksums()
    []
    """
    problems = []
    for schema in SCHEMAS.values():
        path = data_folder() / schema.file
        if not path.is_file():
            problems.append(
                f"datasets/{schema.file} is not there. Download or clone the course again."
            )
            continue
        try:
            problem = _checksum_problem(schema.file, read_content(path))
        except (OSError, ValueError) as error:
            problem = str(error)
        if problem:
            problems.append(problem)
    problems += _folder_problems("heating") + _folder_problems("samples")
    return list(dict.fromkeys(problems))  # damaged checksums would be told for each table


def _folder_problems(within: str) -> list[str]:
    """Return one sentence for each file of a folder that is not as the course ships it."""
    folder = data_folder() / within
    if not (folder / "checksums.json").is_file():
        return [f"datasets/{within} is not there. Download or clone the course again."]
    try:
        sums = _read_json(f"{within}/checksums.json")
    except ValueError as error:
        return [str(error)]
    return [
        f"datasets/{within}/{name} is not the file that the course ships. Undo the change "
        f"(`git checkout datasets/{within}/{name}`) or download the course again."
        for name, expected in sums.items()
        if not (folder / name).is_file() or checksum((folder / name).read_bytes()) != expected
    ]


def _read_json(name: str) -> dict:
    """Return what a file of the folder of tables holds, in which there are no tables."""
    try:
        return json.loads((data_folder() / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = "is not there"
    except ValueError as error:  # also if it is no longer UTF-8
        problem = f"is damaged ({error})"
    raise ValueError(f"datasets/{name} {problem}. Download or clone the course again.")


def checksum(content: bytes) -> str:
    """Return the SHA-256 of a file's decompressed content, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_content(path: Path) -> bytes:
    """Return a file's content, decompressed if its name ends in ``.gz``.

    Raises
    ------
    ValueError
        If it was damaged on its way here, as a file that was not copied to its end.
    """
    raw = path.read_bytes()
    if path.suffix != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"datasets/{path.name} is damaged ({error}). Download or clone the course again."
        ) from error


def _checksum_problem(file: str, content: bytes) -> str:
    """Return a sentence if the content is not what the course ships, else an empty string."""
    expected = _read_json("checksums.json")
    if checksum(content) == expected.get(file):
        return ""
    return (
        f"datasets/{file} is not the file that the course ships: its checksum differs. Undo the "
        f"change (`git checkout datasets/{file}`) or download the course again; keep data of "
        "your own elsewhere and read them with pandas."
    )


def _parse(content: bytes, schema: Schema) -> pd.DataFrame:
    """Read CSV text into the types that the schema names."""
    from io import BytesIO

    moments = [c.name for c in schema.columns if c.kind in ("time", "date")]
    kinds = {c.name: "str" if c.name in moments else KINDS[c.kind] for c in schema.columns}
    table = pd.read_csv(BytesIO(content), dtype=kinds, keep_default_na=False, na_values=[""])
    for name in moments:
        table[name] = pd.to_datetime(table[name], format="ISO8601").astype("datetime64[s]")
    return table


def dictionary() -> str:
    """Return the text of ``datasets/README.md``, made from the schemas.

    Returns
    -------
    str
        Markdown: one section per table, one row per column.

    Examples
    --------
    >>> dictionary().splitlines()[0]
    '# Data dictionary'
    """
    lines = [
        "# Data dictionary",
        "",
        "Made from the schemas in `funnelkit/schemas` by `python -m funnelkit.simulate`; "
        "change it there. `funnelkit.load(name)` reads a table and checks it against this page, "
        "`funnelkit.describe(name)` shows its section in a notebook. The simulated tables describe "
        "Lumen Academy, a school that does not exist; the parameters behind them are in "
        "`truth.json`. Where each file comes from, and under which licence, is in "
        "[SOURCES.md](SOURCES.md). `checksums.json` holds the SHA-256 of each file's decompressed "
        "content.",
        "",
        "Times are UTC, without a time zone in the file. Money is in EUR unless the unit says "
        "otherwise. An empty field is a missing value.",
    ]
    for name, schema in SCHEMAS.items():
        lines += [
            "",
            f"## {name}",
            "",
            f"A row is {schema.row}. File: `{schema.file}`, {schema.origin}.",
        ]
        if schema.notes:
            lines += ["", schema.notes]
        lines += [
            "",
            "| column | type | unit | allowed | missing | meaning |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| `{column}` | " + " | ".join(row) + " |"
            for column, row in zip(
                schema.names, describe(name).itertuples(index=False), strict=True
            )
        ]
    return "\n".join(lines) + "\n"
