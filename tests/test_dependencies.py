"""pyproject.toml is the one list of dependencies; the locks and environment.yml follow it."""

import ast
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIRECT = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
TESTING = [Requirement(text) for text in PROJECT["dependency-groups"]["test"]]
PYTHONS = ["3.11.0", "3.11.9", "3.12.4", "3.13.1", "3.14.0"]
SYSTEMS = [("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows")]

PIN = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][0-9a-z.]*( ; [a-z_]+ [^/#@]+)?")
REMARK = re.compile(
    r" {4}#( via)?( {1,3}(-c requirements\.lock|[a-z0-9.-]+( \(pyproject\.toml(:test)?\))?))?"
)


@cache
def read(name):
    """Return the pins of a lock, and by package the remarks below its pins."""
    pins, remarks = [], {}
    for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
        if PIN.fullmatch(line):
            pins.append(Requirement(line))
        elif pins and REMARK.fullmatch(line):
            remarks.setdefault(pins[-1].name, []).append(line.split("#")[1].removeprefix(" via"))
        else:
            raise AssertionError(f"{name}, line {number}, is neither a pin nor a remark: {line!r}")
    return pins, {name: [text.strip() for text in texts] for name, texts in remarks.items()}


def version(pin):
    """Return the version that a pin names."""
    (specifier,) = pin.specifier
    return specifier.version


def pins_of(name, pins, python, system):
    """Return the pins of a package that hold on a Python and a system."""
    platform, os_name, platform_system = system
    machine = {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "sys_platform": platform,
        "os_name": os_name,
        "platform_system": platform_system,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return [
        pin
        for pin in pins
        if pin.name == name and (pin.marker is None or pin.marker.evaluate(machine))
    ]


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [(one, "requirements.lock") for one in DIRECT]
    + [(one, "requirements-dev.lock") for one in DIRECT + TESTING],
    ids=str,
)
def test_every_dependency_is_pinned_once_and_within_its_range(wanted, lock):
    pins, _ = read(lock)
    for python in PYTHONS:
        for system in SYSTEMS:
            found = pins_of(canonicalize_name(wanted.name), pins, python, system)
            assert len(found) == 1, f"{wanted} on Python {python}, {system[0]}: {found}"
            assert wanted.specifier.contains(version(found[0])), f"{found[0]} is not {wanted}"


def test_the_locks_were_made_from_what_pyproject_lists_now():
    _, remarks = read("requirements.lock")
    asked = {name for name, texts in remarks.items() if "funnelkit (pyproject.toml)" in texts}
    assert asked == {canonicalize_name(one.name) for one in DIRECT}, "run `make lock`"
    tests = "funnelkit (pyproject.toml:test)"
    _, remarks = read("requirements-dev.lock")
    asked = {name for name, texts in remarks.items() if tests in texts}
    assert asked == {canonicalize_name(one.name) for one in TESTING}, "run `make lock`"


def test_the_locks_share_their_pins():
    lessons, tests = (read(name)[0] for name in ("requirements.lock", "requirements-dev.lock"))
    missing = {str(pin) for pin in lessons} - {str(pin) for pin in tests}
    assert not missing, "run `make lock`"
    # Beside them the tests add packages, but no second version of one that the lessons have.
    shared = {pin.name for pin in lessons}
    extra = {str(pin) for pin in tests if pin.name in shared} - {str(pin) for pin in lessons}
    assert not extra, "run `make lock`"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_place(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for sign in ("://", "@", "file:", "--", "\\", "localhost", "\r"):
        assert sign not in text, f"{name} holds {sign!r}"
    assert "/" not in text, f"{name} holds a path"


def test_pyarrow_stays_out_since_it_changes_how_strings_are_stored():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "pyarrow" not in {pin.name for pin in read(lock)[0]}


def test_a_lock_with_a_place_or_a_loose_pin_would_be_noticed():
    for line in (
        "numpy>=2",
        "numpy @ file:///somewhere/numpy.whl",
        "--index-url https://example.org/simple",
        "-e .",
        "numpy==2.4.0 --hash=sha256:00",
    ):
        assert not PIN.fullmatch(line)
        assert not REMARK.fullmatch(line)


def environment():
    """Return environment.yml as (indentation, key or item, remark), line by line."""
    lines = []
    for line in (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        content, _, remark = line.partition("  # ")
        lines.append((len(content) - len(content.lstrip()), content.strip(), remark.strip()))
    return lines


def test_environment_yml_is_a_thin_door_to_the_lock():
    content = [(indent, text) for indent, text, _ in environment()]
    # As repo2docker, which Binder runs, looks for the version: it takes an old one otherwise.
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    version = re.search(r"python\s*=+\s*([\d\.]*)", text).group(1)
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(f"{version}.0")
    assert content == [
        (0, "name: funnelkit"),
        (0, "channels:"),
        (2, "- conda-forge"),
        (0, "dependencies:"),
        (2, f"- python={version}"),
        (2, "- pip"),
        (2, "- pip:"),
        (6, "- -r requirements.lock"),
        (6, "- -e ."),
    ]


def test_environment_yml_says_why_on_each_line():
    assert [text for _, text, remark in environment() if not remark] == []


def test_the_range_of_pythons_is_one_that_the_locks_were_made_for():
    wanted = SpecifierSet(PROJECT["project"]["requires-python"])
    assert all(wanted.contains(python) for python in PYTHONS)
    assert not wanted.contains("3.10.13")
    assert not wanted.contains("3.15.0")


# ---------------------------------------------------------------- the ten packages of the course

# What the course teaches with, and what each is called in an import.
TEN = {
    "jupyterlab": "jupyterlab",
    "pandas": "pandas",
    "numpy": "numpy",
    "scikit-learn": "sklearn",
    "scikit-surprise": "surprise",
    "bayesian-optimization": "bayes_opt",
    "matplotlib": "matplotlib",
    "seaborn": "seaborn",
    "nbval": "nbval",
    "pytest": "pytest",
}


def imports_in(source):
    """Return the packages that a piece of Python imports; magics and shell lines are skipped."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found


def imports_of_notebook(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    codes = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return set().union(*map(imports_in, codes))


@cache
def imported_anywhere():
    """Return the packages that package, tests, lessons and exercises import."""
    modules = [*(ROOT / "funnelkit").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    notebooks = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "exercises").rglob("*.ipynb")]
    return set().union(
        *(imports_in(path.read_text(encoding="utf-8")) for path in modules),
        *map(imports_of_notebook, notebooks),
    )


@pytest.mark.parametrize("package", TEN)
def test_each_of_the_ten_packages_is_used(package):
    listed = {canonicalize_name(one.name) for one in DIRECT + TESTING}
    assert package in listed
    if package == "nbval":  # a plugin of pytest: it is not imported but switched on
        assert "--nbval" in PROJECT["tool"]["pytest"]["ini_options"]["addopts"]
    else:
        assert TEN[package] in imported_anywhere()


def test_an_import_is_seen_in_a_function_and_beside_magics():
    source = (
        "%time x = 1\n!ls\ndef draw():\n    import seaborn as sns\n    from sklearn.svm import SVC"
    )
    assert imports_in(source) == {"seaborn", "sklearn"}
    assert imports_in("word = 'import surprise'") == set()
