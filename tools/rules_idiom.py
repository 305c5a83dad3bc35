"""Rules about English: turns of phrase that no English author writes, and what to write instead.

They hold for lessons and exercises, for docstrings, comments and messages of the package and the
tools, and for the pages. The list is short on purpose: each turn is wrong wherever it occurs.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tools.notebook_model import Course, Notebook, Problem, problem_in
from tools.notebook_text import without_code

__all__ = ["TURNS", "Turn", "check_idiom", "check_texts", "python_texts", "turns_in"]

Turn = tuple[re.Pattern, str]

_PEOPLE = "lead|leads|customer|customers|visitor|visitors|user|users|buyer|buyers|people|person"
_THING = r"(?:[a-z]+ )?[a-z]+"
_KIND = (
    "DataFrame|Series|number|numbers|count|counts|time|times|date|dates|duration|text|function|"
    "table|notebook|answer|answers|whole number|list|boolean|rate|column|exam|funnel"
)

TURNS: list[Turn] = [
    (
        re.compile(
            r"\b(?:one|a|each) (?:row|column|value|number|function|module|panel|chart|file|line|"
            r"section|sentence|entry|idea|point|bar|curve) an? "
            rf"(?!time\b|day\b|week\b|month\b|year\b|moment\b){_THING}",
            re.IGNORECASE,
        ),
        'write "per": one row per step',
    ),
    (
        re.compile(
            rf"\bEUR(?: [\d.,]*\d)? an? (?:{_PEOPLE}|call|order|purchase|click|visit|enrolment)\b"
        ),
        'write "per": EUR per customer',
    ),
    (
        re.compile(
            rf"(?<!there )(?<!There )\b(?:is|are|was|were) no (?:{_KIND})\b"
            r"|\bholds? no (?:numbers|times|text|counts|booleans)\b"
        ),
        'write "is not a": is not a DataFrame',
    ),
    (
        re.compile(
            r"\b(?:stand|stands|stood) (?:in|at|on|under|below|above|beside|behind|there)\b"
        ),
        'write "is": the top lead is in the index',
    ),
    (
        re.compile(r"\bby lots?\b|\b(?:of|for|than|over|keep) the lot\b", re.IGNORECASE),
        'write "at random"',
    ),
    (re.compile(r"\bmend(?:s|ed|ing)?\b", re.IGNORECASE), 'write "fix" or "correct"'),
    (
        re.compile(r"(?:^|(?<=[.:;] )|(?<=[.:;]\n))Who [a-z]+ [^.?!]*[.!]", re.MULTILINE),
        '"Who" opens a question; write "customers who …", "anyone who …"',
    ),
    (
        re.compile(
            r"\b(?:buyers|converted|dropped|customers|revenue|cost|margin|kept|answers)\)? "
            r"by (?:leads|visitors|margin|customers|cost|users|revenue|all (?:leads|users))\b"
            r"(?! (?:channel|segment|month|week|group|plan))"
        ),
        'a ratio is "divided by"',
    ),
    (re.compile(r",? also the [a-z]+ ones\b", re.IGNORECASE), 'write "including the … ones"'),
    (re.compile(r"\bdear(?:er|est)\b", re.IGNORECASE), 'write "expensive"'),
    (re.compile(r"\bshall\b", re.IGNORECASE), 'write "will", "must" or "should"'),
    (
        re.compile(r"\bas many of the one as of the other\b"),
        'write "as many of one as of the other"',
    ),
]


def turns_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield each turn that a text holds, and what to write instead."""
    for pattern, instead in TURNS:
        for match in pattern.finditer(text):
            yield " ".join(match.group(0).split()), instead


def check_idiom(nb: Notebook, course: Course) -> Iterator[Problem]:
    """English as the field writes it, in the prose and in the comments and texts of the code."""
    for cell in nb.cells:
        if cell.role:
            continue
        texts = (
            [without_code(cell.source)] if cell.kind == "markdown" else python_texts(cell.source)
        )
        for text in texts:
            for turn, instead in turns_in(text):
                yield problem_in(
                    nb, cell, f'"{turn}" is not English idiom', instead[0].upper() + instead[1:]
                )


def python_texts(source: str) -> list[str]:
    """Return the comments and strings of Python code, comments on neighbouring lines as one."""
    magics = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
    code, texts, last = magics.sub("", source), [], -1
    try:
        tree = ast.parse(code)
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                words = token.string.lstrip("# ")
                if texts and last == token.start[0] - 1:
                    texts[-1] += f" {words}"
                else:
                    texts.append(words)
                last = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return []  # what does not parse is another rule's problem
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return texts + [value for value in strings if isinstance(value, str) and value not in KEYS]


KEYS = {"by lot"}  # the name of a draw, on which the shipped data depend
PAGES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "datasets/*.md", "benchmarks/*.md")
CODE = ("funnelkit/**/*.py", "tools/**/*.py", "benchmarks/*.py", "start.py", "conftest.py")


def check_texts(root: Path) -> Iterator[Problem]:
    """The same in the pages, and in the docstrings, comments and messages of the code."""
    for pattern in PAGES + CODE:
        for path in sorted(root.glob(pattern)):
            if path.name == Path(__file__).name:  # it lists the turns
                continue
            text = path.read_text(encoding="utf-8")
            texts = python_texts(text) if path.suffix == ".py" else [without_code(text)]
            for part in texts:
                for turn, instead in turns_in(part):
                    where = path.relative_to(root).as_posix()
                    yield Problem(
                        where, f'"{turn}" is not English idiom', instead[0].upper() + instead[1:]
                    )
