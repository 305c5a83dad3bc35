"""Links between pages: to what is on the site, to what is only in the repository."""

import posixpath
import re
from collections.abc import Callable, Container

from tools.doors import Home

__all__ = ["anchor", "kept_alive", "outside_code"]

# [text](target), but not ![picture](target).
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
CODE = re.compile(
    r"^(?P<fence>```+|~~~+).*?^(?P=fence)[^\n]*$|(`+)(?!`).+?(?<!`)\2(?!`)", re.S | re.M
)


def anchor(text: str) -> str:
    """Return the name by which a place on a page can be linked to.

    >>> anchor("Hudgens & Li 2021"), anchor("Järvelin & Kekäläinen 2002")
    ('hudgens-li-2021', 'järvelin-kekäläinen-2002')
    """
    return "-".join(re.findall(r"\w+", text.lower()))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown with `change` applied to all of it but code.

    >>> outside_code("a `a` a", str.upper)
    'A `a` A'
    """
    parts, end = [], 0
    for match in CODE.finditer(text):
        parts += [change(text[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, change(text[end:])])


def kept_alive(text: str, page: str, pages: Container[str], home: Home | None) -> str:
    """Return a page's Markdown, in which each link to a file leads somewhere.

    Parameters
    ----------
    text : str
        The Markdown.
    page : str
        Where the file is in the repository, such as ``docs/trainers.md``.
    pages : container of str
        The files that are pages of the site. A link to another one leads to the repository, or,
        where no address is known, is left as plain text.
    home : Home or None
        Where the repository is.
    """

    def one(match: re.Match) -> str:
        words, target = match[1], match[2]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target.split("#")[0]))
        if path in pages:
            return match[0]
        return f"[{words}]({home.file(path)})" if home else words

    return outside_code(text, lambda part: LINK.sub(one, part))
