"""The house: which room may import which, what each shows, and that nobody reaches into another."""

import ast
import importlib
from pathlib import Path

import pytest

import funnelkit

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "funnelkit"

# From the ground up. A room may import what is on a lower floor, and its own package's rooms below
# it; never what is on its own floor or above.
FLOORS = [
    {"_fitting", "_inputs", "display", "workspace"},
    {"schemas"},
    {"contract", "data"},
    {"ranking", "metrics"},
    {"funnels", "survival", "surveys"},
    {
        "attribution",
        "automation",
        "bandits",
        "bayes",
        "cohorts",
        "crm",
        "databases",
        "experiments",
        "forecasting",
        "incrementality",
        "levers",
        "lifetime",
        "optimise",
        "quality",
        "recommenders",
        "segments",
        "scoring",
        "uplift",
    },
    {"school", "plots", "world", "ingest"},
    {"exercises", "report", "service", "simulate"},
    {"checking", "grading", "pipeline"},
    {"app"},
]
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """Yield the modules of the package that a module imports, wherever in it, and which names."""
    known = {name_of(each) for each in modules()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "funnelkit":
                    yield alias.name, None
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "funnelkit":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner, None) if inner in known else (node.module, alias.name)


def room(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


ARROWS = [
    pytest.param(path, target, id=f"{name_of(path)}-{target}")
    for path in modules()
    for target in sorted({target for target, _ in imported(path)})
]


def test_every_room_has_a_floor():
    rooms = {room(name_of(path)) for path in modules()} - {""}
    assert rooms == set(FLOOR)


@pytest.mark.parametrize(("path", "target"), ARROWS)
def test_no_arrow_runs_up(path, target):
    own, other = room(name_of(path)), room(target)
    if own and other and own != other:
        assert FLOOR[other] < FLOOR[own], f"{name_of(path)} imports {target}, which is above it"


def test_there_is_no_circle():
    arrows = {
        name_of(path): {target for target, _ in imported(path)} - {"funnelkit", name_of(path)}
        for path in modules()
    }
    # A face (`__init__`) is imported with its rooms; what its rooms import is no arrow of theirs.
    done, walking = set(), []

    def walk(module):
        if module in walking:
            raise AssertionError(" → ".join([*walking[walking.index(module) :], module]))
        if module in done or module not in arrows:
            return
        walking.append(module)
        for target in sorted(arrows[module]):
            walk(target)
        walking.pop()
        done.add(module)

    for module in arrows:
        walk(module)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_nobody_uses_a_private_name_of_another_module(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own, private, aliases = name_of(path), [], {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("funnelkit"):
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if alias.name.startswith("_") and alias.name != "_inputs":
                    private.append(f"{node.module}.{alias.name}")
    known = {name_of(each) for each in modules()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = aliases.get(node.value.id, "")
            dunder = node.attr.startswith("__")
            if module in known and module != own and node.attr.startswith("_") and not dunder:
                private.append(f"{module}.{node.attr}")
    assert private == []


SHOWN = sorted({*funnelkit._MODULES, "exercises", "grading", "world"} - {"exercises", "grading"})


@pytest.mark.parametrize("name", SHOWN)
def test_tab_shows_the_api_and_nothing_else(name):
    module = importlib.import_module(f"funnelkit.{name}")
    shown = [each for each in dir(module) if not each.startswith("_")]
    assert sorted(shown) == sorted(module.__all__)
    assert all(hasattr(module, each) for each in module.__all__)


def test_tab_shows_the_modules_of_the_package():
    assert set(dir(funnelkit)) == set(funnelkit.__all__)
    assert all(getattr(funnelkit, name) is not None for name in funnelkit.__all__)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_module_says_what_it_offers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets
             if isinstance(t, ast.Name)]  # fmt: skip
    own = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    public = [node.name for node in own if not node.name.startswith("_")]
    if public and path.parent.name != "checks":
        assert "__all__" in names


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_options_are_in_the_signature(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if node.args.kwarg and not name_of(path).startswith(NAMES_ARE_THE_INPUT)
    ]
    assert hidden == []


# Here the names *are* the input: guards of several arguments. And the checks of exercises hand the
# options of the function on that the exercise is about.
NAMES_ARE_THE_INPUT = (
    "funnelkit._inputs",
    "funnelkit.exercises.checks",
    "funnelkit.exercises.ex31_ways",
)


def code_lines(path):
    """Count lines of code: no docstrings, comments or blank lines."""
    text = path.read_text(encoding="utf-8")
    tree, inside = ast.parse(text), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            inside.update(range(first.lineno, first.end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for number, line in lines
        if number not in inside
    )


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_one_subject_is_a_file_of_readable_size(path):
    assert code_lines(path) <= 450, "split it: one subject has about 400 lines of code at most"
