"""A file as it comes: its encoding, its separator, what is above and below the table."""

import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from pathlib import Path

import pandas as pd

from funnelkit import _inputs, data

__all__ = ["decode", "find_separator", "read", "read_bytes", "sample", "sample_names"]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MARKS = {  # the first bytes of files that are not text
    b"PK\x03\x04": "a workbook (.xlsx) or a ZIP file: open it and save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old workbook (.xls): open it and save the sheet as CSV",
    b"%PDF": "a PDF: ask for the export as CSV",
    b"PAR1": "a Parquet file: read it with a database (lesson 30) and save it as CSV",
    b"SQLite format 3": "a database: export its table as CSV",
}
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_VALUE = re.compile(r"[\d.,:/ -]*\d[\d.,:/ -]*|.+@.+")  # which no column is called
FRAME = 20  # lines that a report has above or below its table, at most
_TOTAL = re.compile(r"(grand )?(total|totals|sum|summe|gesamt|subtotal)s?:?", re.IGNORECASE)


def read(path, *, encoding=None, separator=None):
    r"""Read a file as it comes: every value as text, only what is empty as missing.

    Parameters
    ----------
    path : str or Path
        A text file with separated columns (also packed, ``.gz``), or with one JSON object per
        line (or a list of objects), whose names are then the columns.
    encoding : str, optional
        Such as ``"cp1250"``. Found from the file when not given: a byte order mark, UTF-16,
        UTF-8, and else Windows-1252, which is then noted.
    separator : str, optional
        One character. Found from the file when not given, also in a first line ``sep=;``.

    Returns
    -------
    DataFrame
        All columns are text, and the index, `line`, is the line of the file on which a row
        begins. "NA" and "None" are values. Lines above the names of the columns and below the
        last row, as reports have them, are left out. ``attrs["notes"]`` lists what was
        decided, as pairs: what, and why; ``attrs["repeats"]`` the lines of JSON objects that
        repeat an earlier one, nested values included, if there are any.

    Raises
    ------
    ValueError
        If the file is not a table; if a line has more fields than the heading, or fewer; if two
        separators fit.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mylog.csv")
    >>> _ = path.write_bytes("\ufeffPLZ;Betrag\n01067;1.234,56\n".encode())
    >>> read(path)
            PLZ    Betrag
    line
    2     01067  1.234,56
    """
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1):
        raise TypeError(
            f"separator is {separator!r}: give one character, such as ';' "
            "(for a tab '\\t' in Python, --separator tab on the command line)"
        )
    raw, name = read_bytes(path)
    text, notes = decode(raw, name, encoding)
    if re.match(r"\s*(\{|\[\s*\{)", text):
        table, repeats = _json_rows(text, name, notes)
    else:
        table, repeats = _table(text, name, separator, notes), None
    table.attrs = {"name": name, "notes": notes, "bytes": len(raw)}
    if repeats:
        table.attrs["repeats"] = repeats
    return table


def sample_names():
    """Return the names of the sample exports that the course ships.

    Returns
    -------
    list of str

    Examples
    --------
    >>> "shopify_orders" in sample_names()
    True
    """
    files = (data.data_folder() / "samples").iterdir()
    return sorted(path.stem for path in files if path.stem != "checksums")


def sample(name):
    """Return the path of a sample export, to read it as one would read one's own.

    Parameters
    ----------
    name : str
        One of `sample_names`.

    Returns
    -------
    Path

    Examples
    --------
    >>> sample("shopify_orders").name
    'shopify_orders.csv'
    """
    _inputs.one_of("name", name, sample_names())
    return next((data.data_folder() / "samples").glob(f"{name}.*"))


def read_bytes(path):
    """Return a file's bytes, unpacked, and its name; refuse what is not text."""
    if not isinstance(path, str | Path) or not str(path).strip():
        raise TypeError(f"path is {_inputs.name_of_type(path)}: give the path of a file as text")
    try:
        path = Path(path)
        if path.is_dir():
            raise ValueError(f"{path.name} is a folder: give the path of a file in it")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"there is no file {path.name}: give the path of the export") from None
    except ValueError as error:
        if "null" in str(error):
            raise ValueError("path holds a character that no path has: give a file") from None
        raise
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path.name} is packed and damaged: copy it again") from error
    if not raw.strip():
        raise ValueError(f"{path.name} is empty: ask for the export again")
    for mark, what in _MARKS.items():
        if raw.startswith(mark):
            raise ValueError(f"{path.name} is not a table but {what}")
    return raw, path.name


def decode(raw, name, encoding=None):
    """Return bytes as text, and notes on how they were read."""
    if encoding is not None:
        _inputs.need_texts(encoding=encoding)
        try:
            return raw.decode(encoding), [("encoding", f"{encoding}, as told")]
        except LookupError:
            raise ValueError(
                f"encoding is {encoding!r}, which is not known: give one such as 'utf-8', "
                "'cp1252' (Western Europe) or 'cp1250' (Central Europe)"
            ) from None
        except (UnicodeDecodeError, UnicodeError):
            raise ValueError(
                f"{name} is not written in encoding {encoding!r}: leave the option out, or give "
                "another, such as 'cp1252'"
            ) from None
    for mark, known in _BOMS.items():
        if raw.startswith(mark):
            return _decoded(raw, known, name), [("encoding", f"{known}: the file begins so")]
    if b"\x00" in raw[:4096]:
        return _wide(raw, name)
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        why = (
            f"Windows-1252 (cp1252): line {line} is not UTF-8; if names look wrong, say --encoding"
        )
        return _decoded(raw, "cp1252", name), [("encoding", why)]


def _decoded(raw, encoding, name):
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(
            f"{name} is not a table: its bytes are not text in {encoding}; if it is text, say in "
            "which encoding, such as encoding='cp1250' (--encoding cp1250)"
        ) from None


def _wide(raw, name):
    """Read UTF-16 without a mark: every other byte of plain text is zero."""
    head = raw[:4096]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros and zeros.count(0) > 0.7 * len(zeros):
            return _decoded(raw, encoding, name), [("encoding", f"{encoding}: by its zero bytes")]
    raise ValueError(f"{name} is not a table: it holds bytes that no text has; export it as CSV")


# ---------------------------------------------------------------- separated columns


def _table(text, name, separator, notes):
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise ValueError(f"{name} is a web page, not a table: log in and download the export again")
    told = re.match(r"\s*\"?sep=(.)\"?\r?\n", text)
    skipped = 0
    if told:
        notes.append(("separator", f"{told[1]!r}: the first line says so"))
        separator, text, skipped = separator or told[1], text[told.end() :], 1
    separator = separator or find_separator(text, name, notes)
    rows = _rows(text, separator, name, skipped)
    width = Counter(len(row) for _, row in rows).most_common(1)[0][0]
    if width < 2:
        raise ValueError(
            f"{name} is not a table: its lines have one field, split by {separator!r}; say what "
            "separates the columns, such as separator=';' (--separator ';')"
        )
    width, above = _even_ends(rows, width), rows[0]
    rows = _without_frame(rows, width, name, notes)
    _need_even_rows(rows, width, name)
    heading, body = _names(rows[0][1], name, above), rows[1:]
    if not body:
        raise ValueError(f"{name} has names of columns and no rows: ask for the export again")
    columns = zip(*(row for _, row in body), strict=True)
    index = pd.Index([line for line, _ in body], name="line")
    made = {
        each: pd.Series([v if v.strip() else pd.NA for v in values], index=index, dtype="str")
        for each, values in zip(heading, columns, strict=True)
    }
    return pd.DataFrame(made, index=index)


def find_separator(text, name, notes):
    """Return what separates the columns: the one sign that parts all lines alike."""
    head = text[:100_000].splitlines()[:60]
    fits, all_lines = {}, {}
    for sign in SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(head, delimiter=sign) if any(row))
        whole = len(widths) == 1
        widths.pop(1, None)  # lines of a report above and below its table have one field
        width, lines = widths.most_common(1)[0] if widths else (1, 0)
        if width > 1 and lines >= 0.8 * widths.total():
            (all_lines if whole else fits)[sign] = width
    fits = all_lines or fits
    if not fits:
        raise ValueError(
            f"{name} is not a table: no comma, semicolon, tab or bar parts its lines into the "
            "same columns; say what does, such as separator=':' (--separator :)"
        )
    if len(fits) > 1:
        words = " or ".join(f"{SEPARATORS[s]} ({n} columns)" for s, n in fits.items())
        first = "\\t" if next(iter(fits)) == "\t" else next(iter(fits))
        raise ValueError(
            f"{name} may be separated by {words}: say which, such as separator={first!r} "
            f"(--separator '{first}')"
        )
    (sign,) = fits
    notes.append(("separator", f"{SEPARATORS[sign]}: it alone parts the lines alike"))
    return sign


def _rows(text, separator, name, skipped):
    """Return the rows that are not blank, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, before = [], 0
    try:
        for row in reader:
            if any(map(str.strip, row)):
                rows.append((before + 1 + skipped, row))
            before = reader.line_num
    except csv.Error as error:
        raise ValueError(
            f"{name} has a row from line {before + 1 + skipped} that cannot be read ({error}): a "
            'quotation mark within a value is written twice, ""'
        ) from None
    if not rows:
        raise ValueError(f"{name} is empty: ask for the export again")
    return rows


def _without_frame(rows, width, name, notes):
    """Leave out what a report has above its heading and below its last row, and note it."""
    first = _place_of_heading(rows, width)
    last = len(rows)
    while last > first + 1 and _is_footer(rows[last - 1][1], width):
        last -= 1
    _need_frame(rows[:first], width, name)
    _need_frame(rows[last:], width, name)
    if first:
        notes.append(("heading", f"line {rows[first][0]}; {first} line(s) above it left out"))
    if last < len(rows):
        lines = f"{rows[last][0]}" + (f" to {rows[-1][0]}" if last < len(rows) - 1 else "")
        notes.append(("footer", f"line {lines}: not rows of the table, left out"))
    return rows[first:last]


def _even_ends(rows, width):
    """Drop a separator that ends the heading only, or the rows only; return the width."""
    heading = next((row for _, row in rows if _filled(row) >= 2), [])
    wide = [row for _, row in rows if len(row) == width]
    if len(heading) == width + 1 and not heading[-1].strip():
        heading.pop()
    elif len(heading) == width - 1 and not any(row[-1].strip() for row in wide):
        for row in wide:
            row.pop()
        return width - 1
    return width


def _place_of_heading(rows, width):
    """Return which row names the columns: not a line such as "Period,May,,," above them."""
    wide = [i for i, (_, row) in enumerate(rows) if _filled(row) >= 2 and len(row) == width]
    first = wide[0]
    if _filled(rows[first][1]) < width and not any(map(str.strip, rows[first][1][-1:])):
        for i in (each for each in wide if each <= first + FRAME):
            cells = [cell.strip() for cell in rows[i][1]]
            if all(cells) and not any(map(_VALUE.fullmatch, cells)):
                return i
    return first


def _need_frame(rows, width, name):
    """Refuse to leave out rows of the table itself, such as those that have another separator."""
    for line, row in rows:
        other = [s for s in SEPARATORS if len(row) == 1 and row[0].count(s) + 1 == width > 2]
        if other:
            raise ValueError(
                f"{name} has two separators: line {line} is parted by {SEPARATORS[other[0]]}, "
                "others are not; two files were joined: use one sign in all lines, and save it"
            )
    if len(rows) > FRAME:
        raise ValueError(
            f"{name}: {len(rows):,} lines from line {rows[0][0]} do not have the {width} fields of "
            "the table, which is too many for a heading or a footer: correct the file, or export "
            "it again"
        )


def _filled(row):
    return sum(bool(cell.strip()) for cell in row)


def _is_footer(row, width):
    first = next((cell.strip() for cell in row if cell.strip()), "")
    few = _filled(row) < max(2, width / 2)
    alone = _filled(row) == 1 and width > 2
    return (len(row) != width and few) or alone or _TOTAL.fullmatch(first) is not None


def _need_even_rows(rows, width, name):
    odd = [(line, len(row)) for line, row in rows if len(row) != width]
    if odd:
        line, n = odd[0]
        raise ValueError(
            f"{name}: {len(odd):,} of {len(rows) - 1:,} rows do not have the {width} fields of "
            f"the heading (first: line {line}, {n}): a value that holds the separator is put in "
            "quotation marks; correct the file, or export it again"
        )


def _names(heading, name, above):
    """Return the names of the columns, each once and none empty."""
    heading = [" ".join(each.split()) for each in heading]
    if any(map(_VALUE.fullmatch, heading)):
        line, row = above
        if len(row) not in (1, len(heading)):
            raise ValueError(
                f"{name}: line {line} has {len(row)} fields, and the rows below it have "
                f"{len(heading)}: a value that holds the separator is put in quotation marks; "
                "correct the file, or export it again"
            )
        raise ValueError(
            f"{name} begins with a row of values, not with the names of its columns: write the "
            "names in its first line"
        )
    names = []
    for place, each in enumerate(heading, start=1):
        each = each or f"column {place}"
        again = (
            f"{each} ({n})" for n in range(2, len(heading) + 2) if f"{each} ({n})" not in names
        )
        names.append(next(again) if each in names else each)
    return names


# ---------------------------------------------------------------- JSON objects


def _json_rows(text, name, notes):
    """Read one JSON object per line, or one list of objects; return the lines of repeats, too."""
    if text.lstrip()[0] == "[":
        objects, form = _json_list(text, name), "a list of JSON objects; a line is its number"
    else:
        objects, form = _json_lines(text, name), "one JSON object per line"
    rows, lines, nested, seen, repeats = [], [], set(), set(), []
    for number, row in objects:
        if not isinstance(row, dict):
            raise ValueError(
                f"{name}: line {number} is not a JSON object: give one object per line, {{...}}"
            )
        nested |= {key for key, value in row.items() if isinstance(value, dict | list)}
        rows.append({k: _text(v) for k, v in row.items() if not isinstance(v, dict | list)})
        lines.append(number)
        key = json.dumps(row, sort_keys=True)
        repeats += [number] * (key in seen)
        seen.add(key)
    notes.append(("form", form))
    if nested:
        notes.append(("left out", f"nested values: {', '.join(sorted(nested))}"))
    return pd.DataFrame(rows, index=pd.Index(lines, name="line"), dtype="str"), repeats


def _json_list(text, name):
    try:
        return list(enumerate(json.loads(text), start=1))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name}: line {error.lineno} is not JSON: export the file again, or give one object "
            "per line, {...}"
        ) from None


def _json_lines(text, name):
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except json.JSONDecodeError:
            raise ValueError(
                f"{name}: line {number} is not JSON: give one object per line, {{...}}"
            ) from None


def _text(value):
    if value is None or (isinstance(value, str) and not value.strip()):
        return pd.NA
    return json.dumps(value) if isinstance(value, bool) else str(value)
