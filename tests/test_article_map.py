"""The map from the article's contents to the lessons names sections that exist."""

import re
from pathlib import Path

from tools.notebook_model import read
from tools.notebook_text import headings

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "article_map.md"
PLACE = re.compile(r"\[(\d\d) · ([^\]]+)\]\(([^)]+)\)")


def rows():
    """Return the cells of each row of the map's tables, heads and rules left out."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "The article"]


def test_every_section_of_the_map_is_in_its_lesson():
    places = PLACE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(places) > 150
    known = {}
    for number, section, target in places:
        path = (PAGE.parent / target).resolve()
        assert path.name.startswith(f"{number}_"), target
        if path not in known:
            known[path] = {title for _, title, _, _ in headings(read(path))}
        assert section in known[path], (number, section)


def test_every_row_of_the_map_has_a_place_or_says_that_there_is_none():
    for row in rows():
        assert len(row) == 3 and all(row), row
        elsewhere = row[1] in {"not yet", "not treated", "*Further reading* in every lesson"}
        assert elsewhere or PLACE.search(row[1]), row
