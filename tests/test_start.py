"""start.py: what it says when it cannot start, and what it does when it can."""

import ast
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from funnelkit.app import install

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def start():
    """Return start.py as a module, fresh for each test."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(start, tmp_path, monkeypatch):
    """Give start.py a course of its own, and note its commands instead of running them."""
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text(f"# {name}\n", encoding="utf-8")
    ran = []

    def follow(command, variables):
        ran.append(command)
        if "venv" in command:
            python = Path(install.interpreter(command[-1]))
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return 0, ""

    monkeypatch.setattr(start, "HERE", str(tmp_path))
    monkeypatch.setattr(install, "ROOT", str(tmp_path))
    monkeypatch.setattr(install, "follow", follow)
    monkeypatch.setattr(install, "pip_settings", lambda env: {})
    monkeypatch.setattr(install, "give_uv_a_cache", lambda env, variables: None)
    monkeypatch.setattr(install, "call", lambda command, env, **place: ran.append(command) or 0)
    monkeypatch.setattr(start, "installer", lambda: install)
    start.ran = ran
    return start


def message(start, **machine):
    """Return what start.py says about a machine on which it cannot run."""
    with pytest.raises(start.Stop) as stopped:
        start.check_python(**{"newer": lambda: None, **machine})
    text = str(stopped.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_machine_that_suits_is_let_through(start):
    for version in ((3, 11, 0), (3, 12, 1), (3, 14, 9)):
        start.check_python(version=version, system="linux", has_module=lambda name: True)


def test_an_old_python_is_told_what_to_install(start):
    text = message(start, version=(3, 10, 13))
    assert "needs Python 3.11 to 3.14, and this is Python 3.10.13" in text
    assert "python.org/downloads" in text


def test_an_old_python_is_told_of_a_newer_one_on_the_machine(start):
    text = message(start, version=(3, 10, 13), newer=lambda: "python3.12")
    assert text.endswith("type: python3.12 start.py lab.")
    assert "python.org" not in text


def test_a_python_that_is_too_new_is_told_so(start):
    assert "3.11 to 3.14, and this is Python 3.15.0" in message(start, version=(3, 15, 0))


def test_an_intel_mac_is_told_what_to_use(start):
    text = message(start, version=(3, 12, 1), system="darwin", machine="x86_64")
    assert "Intel Macs" in text
    assert "Apple chip" in text
    start.check_python(
        version=(3, 12, 1), system="darwin", machine="arm64", has_module=lambda name: True
    )


@pytest.mark.parametrize("absent", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(start, absent):
    text = message(
        start, version=(3, 12, 1), system="linux", has_module=lambda name: name != absent
    )
    assert f"lacks its {absent} module" in text
    assert "sudo apt install python3.12-venv" in text


def test_the_versions_are_those_of_pyproject(start):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    after = (start.NEWEST[0], start.NEWEST[1] + 1)
    assert project["requires-python"] == (f">={start.dotted(start.OLDEST)},<{start.dotted(after)}")


def test_old_pythons_can_read_the_file():
    text = (ROOT / "start.py").read_text(encoding="utf-8")
    assert text.isascii()
    new = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.Nonlocal, ast.Match, ast.AsyncFor)
    new += (ast.AsyncFunctionDef, ast.AsyncWith, ast.Await, ast.YieldFrom, ast.MatMult)
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, new), f"line {node.lineno}"
        if isinstance(node, ast.FunctionDef):
            every = node.args.args + node.args.kwonlyargs
            assert not node.args.kwonlyargs and not node.args.posonlyargs, node.name
            assert node.returns is None and not any(one.annotation for one in every), node.name
        if isinstance(node, ast.Call):
            assert not any(isinstance(one, ast.Starred) for one in node.args), node.lineno
        if isinstance(node, ast.Raise):
            assert node.cause is None, node.lineno
        if isinstance(node, ast.Dict):
            assert None not in node.keys, node.lineno


def old_pythons():
    """Return the Pythons on this machine that are too old for the course."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(name) for name in ("python2", "python3.9", "python3.10")]
    found += [
        str(path) for old in ("2", "3.6", "3.10") for path in pyenv.glob(old + "*/bin/python")
    ]
    return [path for path in found if path and subprocess.call([path, "-c", ""]) == 0]


def test_old_pythons_say_one_clear_sentence():
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no old Python on this machine")
    for python in pythons:
        ran = subprocess.run(
            [python, ROOT / "start.py", "lab"],
            env={**os.environ, "PATH": ""},  # so that it does not look for a newer one
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 1, python
        assert ran.stdout == ""
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert ran.stderr.startswith("start.py: Funnelkit needs Python 3.11 to 3.14, and this is ")


def test_arguments_are_passed_on(course):
    course.main(["lab", "02", "--no-browser"])
    assert course.ran[-1][1:] == ["-P", "-m", "funnelkit.app.cli", "lab", "02", "--no-browser"]
    course.main(["reset", "02", "--lesson"])
    assert course.ran[-1][3:] == ["funnelkit.app.cli", "reset", "02", "--lesson"]
    course.main(["doctor"])
    assert course.ran[-1][3:] == ["funnelkit.app.cli", "doctor"]


def test_the_tests_run_in_parallel_after_the_linter(course):
    assert course.main(["test", "tests/test_data.py", "-k", "orders"]) == 0
    linter, formatter, tests = course.ran[-3:]
    assert linter[1:] == ["-m", "ruff", "check"]
    assert formatter[1:] == ["-m", "ruff", "format", "--check"]
    assert " ".join(tests[1:]) == ("-m pytest -n auto --dist loadfile tests/test_data.py -k orders")


def test_the_first_exit_code_that_is_not_0_is_passed_on(course, monkeypatch):
    course.main(["test"])
    codes = {"ruff": 0, "pytest": 5}
    monkeypatch.setattr(install, "call", lambda command, env: codes[command[2]])
    assert course.main(["test"]) == 5
    codes["ruff"] = 1
    assert course.main(["test"]) == 1
    codes.update(ruff=0, pytest=0)
    assert course.main(["test"]) == 0


def test_run_finds_the_command_in_the_environment(course):
    course.main(["test"])
    program = Path(install.programs(install.folder("test")), "tool.exe")
    program.touch(mode=0o755)
    course.main(["run", "tool.exe", "--check"])
    assert course.ran[-1] == [str(program), "--check"]
    with pytest.raises(course.Stop, match="no command no-such-tool"):
        course.main(["run", "no-such-tool"])
    with pytest.raises(course.Stop, match="Say what to run"):
        course.main(["run"])


def test_bench_measures_in_its_own_environment(course):
    with pytest.raises(course.Stop, match="get the whole course"):
        course.main(["bench", "--quick"])
    assert course.ran == []  # nothing was installed for it
    benchmarks = Path(course.HERE, "benchmarks")
    benchmarks.mkdir()
    course.main(["bench", "--quick"])
    assert course.ran[2][-4:] == ["-r", "requirements.lock", "--group", "pyproject.toml:bench"]
    assert course.ran[-1][1:] == [os.path.join("benchmarks", "funnels.py"), "--quick"]
    benchmarks.joinpath("lifetime.py").touch()
    course.main(["bench", "lifetime", "--fits", "3"])
    assert course.ran[-1][1:] == [os.path.join("benchmarks", "lifetime.py"), "--fits", "3"]


def test_each_extra_is_tested_in_its_own_environment(course, monkeypatch):
    monkeypatch.setattr(install, "EXTRAS", {"tensorflow": ["tensorflow"]})
    folder = Path(course.HERE, "notebooks", "extras")
    folder.mkdir(parents=True)
    for name in ("16_forecasting_tensorflow", "31_shop_mysql"):
        folder.joinpath(f"{name}.ipynb").touch()
    course.main(["extras", "-x"])
    assert course.ran[2][-4:] == ["-r", "requirements-dev.lock", "--editable", ".[tensorflow]"]
    notebook = os.path.join("notebooks", "extras", "16_forecasting_tensorflow.ipynb")
    assert course.ran[-1][1:] == ["-m", "pytest", notebook, "-x"]
    assert ".venv-tensorflow-" in course.ran[-1][0]


def test_an_extra_may_have_a_folder_of_tests_and_be_asked_for_by_name(course):
    Path(course.HERE, "notebooks", "extras").mkdir(parents=True)
    Path(course.HERE, "tests", "extras", "databases").mkdir(parents=True)
    course.main(["extras", "databases", "-x"])
    tests = os.path.join("tests", "extras", "databases")
    assert [command[1:] for command in course.ran if "pytest" in command] == [
        ["-m", "pytest", tests, "-x"]
    ]
    assert all("tensorflow" not in part for command in course.ran for part in command)


def test_the_notebooks_of_an_extra_may_be_named_after_what_they_use(start):
    """An extra without notebooks or tests would be tested by all tests, or by none."""
    found = {extra: start.extra_tests(extra, ends) for extra, ends in install.EXTRAS.items()}
    folder = os.path.join("notebooks", "extras", "")
    assert found["databases"] == [
        f"{folder}30_databases_mysql.ipynb",
        f"{folder}30_databases_postgresql.ipynb",
        os.path.join("tests", "extras", "databases"),
    ]
    assert found["spark"] == [
        f"{folder}30_scale_spark.ipynb",
        os.path.join("tests", "extras", "spark"),
    ]
    there = {path.name for path in (ROOT / "notebooks" / "extras").glob("*.ipynb")}
    assert {os.path.basename(path) for paths in found.values() for path in paths} >= there


@pytest.fixture
def without_java(course, monkeypatch):
    """A course that finds the sentence about Java, and two extras of which one needs it."""
    monkeypatch.setattr(install, "EXTRAS", {"spark": ["spark"], "tensorflow": ["tensorflow"]})
    for extra in install.EXTRAS:
        Path(course.HERE, "tests", "extras", extra).mkdir(parents=True)
    Path(course.HERE, "notebooks", "extras").mkdir(parents=True)
    return course


def test_without_java_nothing_is_installed_for_spark_and_the_other_extras_go_on(
    without_java, monkeypatch, capsys
):
    said = "There is no java on this machine."
    monkeypatch.setattr(without_java, "lacking", lambda kind: said if kind == "spark" else None)
    assert without_java.main(["extras"]) == 1
    assert f"the extra spark was left out: {said}" in capsys.readouterr().err
    run = [part for command in without_java.ran for part in command]
    assert any("tensorflow" in part for part in run)
    assert not any("spark" in part for part in run)


def test_only_spark_needs_java(start, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert start.lacking("databases") is None
    assert start.lacking("spark").startswith("Spark needs Java 17 or later, and ")


def test_the_site_is_made_in_an_environment_of_its_own(course):
    with pytest.raises(course.Stop, match="get the whole course"):
        course.main(["site"])
    assert course.ran == []
    Path(course.HERE, "tools", "site").mkdir(parents=True)
    course.main(["site", "--to", "pages"])
    assert course.ran[2][-4:] == ["-r", "requirements.lock", "--editable", ".[site]"]
    assert course.ran[-1][1:] == ["-m", "tools.site", "--to", "pages"]
    assert ".venv-site-" in course.ran[-1][0]


def test_slides_are_made_in_the_environment_of_the_lessons(course):
    with pytest.raises(course.Stop, match="cannot make slides: get the whole course"):
        course.main(["slides"])
    Path(course.HERE, "tools", "slides").mkdir(parents=True)
    course.main(["slides", "02"])
    assert course.ran[-1][1:] == ["-m", "tools.slides", "02"]
    assert ".venv-" not in course.ran[-1][0]


def test_trials_run_in_the_environment_of_the_tests(course):
    course.main(["trials", "mirror"])
    assert course.ran[2][-2:] == ["-r", "requirements-dev.lock"]
    assert course.ran[-1][1:] == [os.path.join("tools", "trials"), "mirror"]


def test_an_unknown_command_is_refused_before_anything_is_made(course):
    with pytest.raises(course.Stop, match="no command 'lba': choose one of lab, doctor, reset"):
        course.main(["lba"])
    assert course.ran == []


def test_help_is_printed(start, capsys):
    assert start.main(["--help"]) == 0
    assert "start.py lab" in capsys.readouterr().out
    assert start.main([]) == 2
    start.__doc__ = None  # as `python -OO` has it
    assert start.main(["help"]) == 0


def test_a_course_that_is_not_whole_is_told_so(course, monkeypatch):
    Path(course.HERE, "requirements-dev.lock").unlink()
    with pytest.raises(course.Stop, match="no requirements-dev.lock beside start.py.*learners"):
        course.main(["test"])
    here = course.HERE
    monkeypatch.undo()
    monkeypatch.setattr(course, "HERE", here)
    with pytest.raises(course.Stop, match="is not whole: download the course again"):
        course.installer()


def test_a_learners_file_beside_start_does_not_come_before_pythons_own(tmp_path):
    for name in ("start.py", "funnelkit/app/install.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("random", "json", "platform", "tempfile", "importlib", "signal"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('mine')\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, tmp_path / "start.py", "lab"], capture_output=True, text=True
    )
    assert ran.stderr.startswith("start.py: There is no pyproject.toml beside start.py."), (
        ran.stderr
    )


def test_it_works_from_any_folder(tmp_path):
    ran = subprocess.run(
        [sys.executable, ROOT / "start.py", "nonsense"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "no command 'nonsense'" in ran.stderr


def test_commands_run_in_the_folder_of_the_course(tmp_path):
    code = "import os, sys; sys.exit(7 if os.path.exists('start.py') else 1)"
    assert install.call([sys.executable, "-c", code], str(tmp_path)) == 7


PATIENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print("ready", flush=True)
    time.sleep(10)
except KeyboardInterrupt:
    time.sleep(0.6)
    print("ended in good order", flush=True)
    sys.exit(CODE)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups of this kind")
@pytest.mark.parametrize(("code", "expected"), [(0, 0), (2, 130)])
def test_ctrl_c_waits_for_the_program_to_end(tmp_path, code, expected):
    script = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {str(ROOT)!r})
from funnelkit.app import install
try:
    sys.exit(install.call([sys.executable, "-c", {PATIENT.replace("CODE", str(code))!r}], "x"))
except KeyboardInterrupt:
    sys.exit(130)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate()
    assert rest == "ended in good order\n"
    assert process.returncode == expected


@pytest.mark.skipif(not shutil.which("make"), reason="this machine has no make")
def test_commands_that_take_files_take_them_from_where_their_user_stands(
    course, monkeypatch, tmp_path
):
    places = []
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert course.main(["lab"]) == 0  # makes the environment
    monkeypatch.setattr(
        install, "call", lambda command, env, cwd=None: places.append((command[3:], cwd)) or 0
    )
    taking = [["grade", "submissions"], ["progress", "--export", "share"], ["room", "share"]]
    taking += [["report", "mylog.csv"], ["pipeline", "week_26"], ["serve", "model.json"]]
    for arguments in (*taking, ["reset", "02"]):
        assert course.main(arguments) == 0
    assert places == [
        *[(["funnelkit.app.cli", *arguments], os.getcwd()) for arguments in taking],
        (["funnelkit.app.cli", "reset", "02"], None),
    ]


def test_make_calls_start():
    # `make test PYTHON=3.12` hands its own choice to the programs that it runs.
    variables = {name: text for name, text in os.environ.items() if not name.startswith("M")}

    def make(*arguments):
        command = ["make", "--dry-run", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=variables)

    assert make("lab").stdout.strip() == '"python3" start.py lab'
    assert make("trials", "ARGS=mirror").stdout.strip() == '"python3" start.py trials mirror'
    assert make("test", "ARGS=-x").stdout.strip() == '"python3" start.py test -x'
    assert "no Python 2.0 on this machine" in make("test", "PYTHON=2.0").stderr
