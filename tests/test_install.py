"""The environments that start.py makes: from what, when, and what is said if that fails."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from funnelkit.app import install

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Note the steps of an installation in a course of its own, instead of running them."""
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text(f"# {name}\n", encoding="utf-8")
    steps = []

    def follow(command, variables):
        steps.append(command)
        if "venv" in command:
            python = Path(install.interpreter(command[-1]))
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return 0, ""

    monkeypatch.setattr(install, "ROOT", str(tmp_path))
    monkeypatch.setattr(install, "follow", follow)
    monkeypatch.setattr(install, "pip_settings", lambda env: {})
    monkeypatch.setattr(install, "give_uv_a_cache", lambda env, variables: None)
    return steps


def fails(monkeypatch, where, printed, after=None):
    """Have the steps that hold a word fail, having printed a text."""
    whole = install.follow

    def follow(command, variables):
        whole(command, variables)
        return (1, printed) if where(command) else (0, "")

    monkeypatch.setattr(install, "follow", follow)


def lock(text="# newer\n", name="requirements.lock"):
    Path(install.ROOT, name).write_text(text, encoding="utf-8")


def test_the_first_start_installs_and_the_second_does_not(ran, capsys):
    env = install.prepare("lab")
    first = list(ran)
    assert [" ".join(command[1:4]) for command in first] == [
        "-m venv --clear",
        "-m pip install",
        "-m uv pip",
        "-m uv pip",
    ]
    assert first[2][-2:] == ["-r", "requirements.lock"]
    assert first[3][-2:] == ["--editable", install.ROOT]
    assert first[2][0] == first[3][0] == install.interpreter(env)
    said = capsys.readouterr().out
    assert [f"Step {number} of 4" in said for number in (1, 2, 3, 4)] == [True] * 4
    assert install.prepare("lab") == env
    assert ran == first
    assert capsys.readouterr().out == ""


def test_a_new_lock_is_installed_without_starting_over(ran):
    install.prepare("lab")
    ran.clear()
    lock()
    install.prepare("lab")
    assert [command[2] for command in ran] == ["uv", "uv"]
    ran.clear()
    install.prepare("lab")
    assert ran == []


def test_a_change_of_the_tests_pins_leaves_the_lessons_alone(ran):
    install.prepare("lab")
    ran.clear()
    lock(name="requirements-dev.lock")
    install.prepare("lab")
    assert ran == []


def test_an_interrupted_installation_is_begun_anew(ran, monkeypatch):
    whole = install.follow

    def interrupted(command, variables):
        if "requirements.lock" in command:
            raise KeyboardInterrupt
        return whole(command, variables)

    monkeypatch.setattr(install, "follow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        install.prepare("lab")
    monkeypatch.setattr(install, "follow", whole)
    ran.clear()
    install.prepare("lab")
    assert "--clear" in ran[0]
    assert len(ran) == 4


def test_an_interrupted_update_is_begun_anew(ran, monkeypatch):
    whole = install.follow
    install.prepare("lab")
    lock()
    fails(monkeypatch, lambda command: True, "")
    with pytest.raises(install.Stop, match="did not finish"):
        install.prepare("lab")
    monkeypatch.setattr(install, "follow", whole)
    ran.clear()
    install.prepare("lab")
    assert "--clear" in ran[0]


@pytest.mark.parametrize("harm", ["moved", "other Python", "no Python", "damaged", "not a table"])
def test_an_environment_that_no_longer_works_is_made_anew(ran, harm):
    env = install.prepare("lab")
    stamp = Path(env, "funnelkit-stamp.json")
    told = json.loads(stamp.read_text(encoding="utf-8"))
    if harm == "moved":
        told["base"][-1] = "/elsewhere/.venv"
    if harm == "other Python":
        told["base"][0] = "3.9"
    if harm == "no Python":
        Path(install.interpreter(env)).unlink()
    stamp.write_text(json.dumps(told), encoding="utf-8")
    if harm == "damaged":
        stamp.write_text('{"base":', encoding="utf-8")
    if harm == "not a table":
        stamp.write_text("[]", encoding="utf-8")
    ran.clear()
    install.prepare("lab")
    assert "--clear" in ran[0]


def is_uv(command):
    return command[2] == "uv"


def installs_uv(command):
    return command[-1].startswith("uv>=")


def test_where_uv_fails_pip_does_it(ran, monkeypatch, capsys):
    fails(monkeypatch, is_uv, "error: Failed to fetch: the index")
    install.prepare("lab")
    assert [command[2] for command in ran] == ["venv", "pip", "uv", "pip", "pip"]
    assert ran[3][-2:] == ["-r", "requirements.lock"]
    assert ran[4][-2:] == ["--editable", install.ROOT]
    assert "Now with pip, which takes longer" in capsys.readouterr().out


def test_where_there_is_no_uv_pip_does_it(ran, monkeypatch):
    fails(monkeypatch, installs_uv, "ERROR: No matching distribution found for uv>=0.8")
    install.prepare("lab")
    assert [command[2] for command in ran] == ["venv", "pip", "pip", "pip"]


def test_the_reason_is_uvs_where_pip_found_nothing(ran, monkeypatch):
    whole = install.follow

    def follow(command, variables):
        whole(command, variables)
        if "requirements.lock" not in command:
            return 0, ""
        if is_uv(command):
            return 1, "error: Request failed: tunnel error: Connection refused (os error 111)"
        return 1, "(from versions: none)\nERROR: No matching distribution found for tqdm==4"

    monkeypatch.setattr(install, "follow", follow)
    with pytest.raises(install.Stop, match="does not reach the place"):
        install.prepare("lab")


# What the installers print, as they printed it when these things were tried.
@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("failed to create file: No space left on device (os error 28)", "the disk is full"),
        ("Caused by: invalid peer certificate: UnknownIssuer", "set PIP_CERT"),
        ("SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...", "set PIP_CERT"),
        ("Tunnel connection failed: 407 Proxy Authentication Required", "the proxy asks for"),
        ("HTTP status client error (401 Unauthorized) for url", "asks for a name and a password"),
        ("ERROR: HTTP error 403 ... 403 Client Error: Forbidden", "asks for a name and a password"),
        (
            "WARNING: Retrying ... after connection broken by 'NewConnectionError(...'\n"
            "ERROR: No matching distribution found for uv>=0.8",
            "does not reach the place",
        ),
        ("error: Failed to fetch: `https://a.company/simple/tqdm/`", "does not reach the place"),
        ("ERROR: No matching distribution found for tqdm==0.0.1", "does not have one that fits"),
        ("  × No solution found when resolving dependencies:", "does not have one that fits"),
        ("Because the network was disabled, tqdm cannot be used", "fill it with the same Python"),
        ("[Errno 13] Permission denied: '/course/.venv'", "could not be written"),
        ("PermissionError: [WinError 5] Access is denied", "could not be written"),
        ("something new", "the reason is above"),
    ],
)
def test_the_closing_sentence_names_the_cause(ran, monkeypatch, printed, said):
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    fails(monkeypatch, lambda command: command[2] in ("uv", "pip"), printed)
    with pytest.raises(install.Stop) as stopped:
        install.prepare("lab")
    text = str(stopped.value)
    assert said in text
    assert text.startswith("The installation did not finish: ")
    assert text.endswith(". Then start again.")
    assert "\n" not in text


def test_a_folder_of_packages_that_does_not_fit_is_named(ran, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    printed = "ERROR: No matching distribution found for uv>=0.8"
    fails(monkeypatch, lambda command: command[2] in ("uv", "pip"), printed)
    with pytest.raises(install.Stop, match="same Python on the same system.*FIND_LINKS=wheels"):
        install.prepare("lab")


def fill_wheels():
    folder = Path(install.ROOT, "wheels")
    folder.mkdir()
    (folder / "uv-0.9.0-py3-none-any.whl").touch()


@pytest.fixture
def places(ran, monkeypatch):
    """Note from where each step of an installation takes packages."""
    whole, noted = install.follow, []

    def follow(command, variables):
        names = ("PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_FIND_LINKS", "UV_NO_INDEX")
        noted.append(tuple(variables.get(name, "") for name in names))
        return whole(command, variables)

    monkeypatch.setattr(install, "follow", follow)
    for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return noted


def test_a_folder_of_wheels_beside_start_is_used_without_being_asked(places, capsys):
    fill_wheels()
    install.prepare("lab")
    assert places[1:] == [("wheels", "true", "wheels", "1")] * 3
    assert "from the folder wheels" in capsys.readouterr().out


def test_uv_is_told_in_its_command_to_look_at_no_index(places, ran):
    install.prepare("lab")
    assert not any("--no-index" in command for command in ran)
    lock()
    fill_wheels()
    ran.clear()
    install.prepare("lab")
    assert [command[1:3] for command in ran if "--no-index" in command] == [["-m", "uv"]] * 2


def test_without_wheels_in_it_the_folder_is_not_used(places):
    Path(install.ROOT, "wheels").mkdir()
    install.prepare("lab")
    assert places[1:] == [("", "", "", "")] * 3


def test_the_tests_do_not_take_the_learners_wheels(places):
    fill_wheels()
    install.prepare("test")
    assert places[1:] == [("", "", "", "")] * 3


def test_a_place_that_the_user_named_comes_before_the_folder_of_wheels(places, monkeypatch):
    fill_wheels()
    monkeypatch.setattr(install, "pip_settings", lambda env: {"find-links": "mine"})
    install.prepare("lab")
    assert places[1:] == [("mine", "", "mine", "")] * 3


def test_what_the_folder_of_wheels_lacks_comes_from_the_network(ran, monkeypatch, capsys):
    fill_wheels()
    whole = install.follow

    def follow(command, variables):
        whole(command, variables)
        lacks = variables.get("PIP_NO_INDEX") and "-r" in command
        return (1, "No matching distribution found for pandas") if lacks else (0, "")

    monkeypatch.setattr(install, "follow", follow)
    env = install.prepare("lab")
    assert install.read_stamp(env) == install.wanted_stamp("lab")
    assert "does not hold all that is needed here" in capsys.readouterr().out


def test_a_folder_of_wheels_that_does_not_fit_is_told_beside_the_other_cause(ran, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    fill_wheels()
    printed = "Failed to establish a new connection: NewConnectionError"
    fails(monkeypatch, lambda command: command[2] in ("uv", "pip"), printed)
    with pytest.raises(install.Stop) as stopped:
        install.prepare("lab")
    text = str(stopped.value)
    assert text.startswith("The installation did not finish: the folder wheels beside start.py")
    assert install.PYTHON in text
    assert "does not reach the place" in text
    assert text.endswith(". Then start again.")


def test_a_full_disk_is_not_blamed_on_the_folder_of_wheels(ran, monkeypatch):
    fill_wheels()
    fails(monkeypatch, lambda command: command[2] in ("uv", "pip"), "No space left on device")
    with pytest.raises(install.Stop, match="did not finish: the disk is full"):
        install.prepare("lab")


def test_an_environment_that_cannot_be_made_is_told(ran, monkeypatch):
    fails(monkeypatch, lambda command: command[2] == "venv", "[Errno 28] No space left on device")
    with pytest.raises(install.Stop, match="could not be made: the disk is full"):
        install.prepare("lab")
    fails(monkeypatch, lambda command: command[2] == "venv", "Unable to create directory")
    with pytest.raises(install.Stop, match="could not be made: a file could not be written"):
        install.prepare("lab")


@pytest.mark.parametrize(
    ("sign", "name"), [(os.pathsep, f"a '{os.pathsep}'"), ("\n", "line break")]
)
def test_a_folder_whose_name_no_environment_can_have_is_named(ran, monkeypatch, sign, name):
    monkeypatch.setattr(install, "ROOT", f"{install.ROOT}{sign}")
    monkeypatch.setattr(install, "wanted_stamp", lambda kind: {})
    with pytest.raises(install.Stop, match=f"{name} in it.*rename the folder"):
        install.prepare("lab")
    assert ran == []


def test_each_kind_has_an_environment_of_its_own():
    names = [os.path.basename(install.folder(kind)) for kind in ("lab", "test", "bench")]
    python = ".".join(str(part) for part in sys.version_info[:2])
    assert names == [".venv", f".venv-test-{python}", f".venv-bench-{python}"]
    assert all(os.path.dirname(install.folder(kind)) == str(ROOT) for kind in install.INSTALLS)


def test_windows_keeps_its_programs_elsewhere(monkeypatch):
    env = os.path.join("C:", "fk", ".venv")
    monkeypatch.setattr(install, "WINDOWS", True)
    assert install.interpreter(env) == os.path.join(env, "Scripts", "python.exe")
    monkeypatch.setattr(install, "WINDOWS", False)
    assert install.interpreter(env) == os.path.join(env, "bin", "python")


def test_the_environment_comes_first_and_other_pythons_stay_out(monkeypatch):
    others = ["PATH", "HOME", "OPTIMIZE", "WARNINGS", "INSPECT", "STARTUP"]
    for name in others:
        monkeypatch.setenv("PYTHON" + name, "1")
    monkeypatch.setenv("PYTHONUTF8", "1")
    monkeypatch.setenv("UV_FIND_LINKS", "/wheels")
    variables = install.environment("/fk/.venv")
    assert variables["PATH"].startswith(install.programs("/fk/.venv") + os.pathsep)
    assert variables["UV_FIND_LINKS"] == "/wheels"
    assert variables["PYTHONUTF8"] == "1"
    assert not {"PYTHON" + name for name in others} & set(variables)


# Where packages come from


@pytest.fixture
def no_settings(monkeypatch):
    """Take away what this machine says about pip, uv, proxies and certificates."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name in names or "PROXY" in name.upper():
            monkeypatch.delenv(name)


def test_pips_settings_are_handed_on_to_uv(no_settings):
    settings = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "https://a.example/x https://b.example/y",
        "find-links": "wheels more",
        "cert": "/etc/company.pem",
        "client-cert": "/me.pem",
        "proxy": "http://proxy.example:8080",
        "trusted-host": "mirror.example",
        "timeout": "60",
        "no-index": "false",
    }
    told = install.install_environment("/fk/.venv", settings)
    assert told["PIP_INDEX_URL"] == told["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert told["UV_INDEX"] == "https://a.example/x https://b.example/y"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert told["PIP_FIND_LINKS"] == "wheels more"
    assert told["UV_FIND_LINKS"] == "wheels,more"
    assert told["PIP_CERT"] == told["SSL_CERT_FILE"] == "/etc/company.pem"
    assert told["SSL_CLIENT_CERT"] == "/me.pem"
    assert told["HTTPS_PROXY"] == told["HTTP_PROXY"] == "http://proxy.example:8080"
    assert told["UV_INSECURE_HOST"] == "mirror.example"
    assert told["UV_HTTP_TIMEOUT"] == "60"
    assert told["UV_SYSTEM_CERTS"] == "1"
    assert "UV_NO_INDEX" not in told
    assert install.install_environment("/fk/.venv", {"no-index": "1"})["UV_NO_INDEX"] == "1"


def test_what_was_told_to_uv_is_not_overruled_and_serves_pip_too(no_settings, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    monkeypatch.setenv("UV_FIND_LINKS", "a,b")
    monkeypatch.setenv("SSL_CERT_FILE", "/mine.pem")
    monkeypatch.setenv("https_proxy", "http://mine.example")
    told = install.install_environment("/fk/.venv", {})
    assert told["PIP_INDEX_URL"] == "https://uv.example/simple"
    assert told["PIP_FIND_LINKS"] == "a b"
    settings = {"index-url": "https://pip.example", "cert": "/pip.pem", "proxy": "http://pip"}
    told = install.install_environment("/fk/.venv", settings)
    assert told["UV_DEFAULT_INDEX"] == "https://uv.example/simple"
    assert told["SSL_CERT_FILE"] == "/mine.pem"
    assert "HTTPS_PROXY" not in told


def test_pip_always_says_that_it_reaches_nothing(no_settings):
    told = install.install_environment("/fk/.venv", {"retries": "0"})
    assert "PIP_RETRIES" not in told
    assert install.install_environment("/fk/.venv", {"retries": "9"})["PIP_RETRIES"] == "9"


def test_settings_meant_for_other_environments_stay_out(no_settings, monkeypatch):
    for name in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_HASHES"):
        monkeypatch.setenv(name, "1")
    others = ("PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_DRY_RUN", "UV_SYSTEM_PYTHON", "UV_PYTHON")
    others += ("UV_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_REQUIRE_HASHES", "UV_NO_BINARY")
    for name in others:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UV_INDEX_COMPANY_PASSWORD", "secret")
    told = install.install_environment("/fk/.venv", {})
    mine = {name: told[name] for name in told if name.startswith(("PIP_", "UV_"))}
    assert mine == {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",
        "UV_INDEX_COMPANY_PASSWORD": "secret",
        "UV_SYSTEM_CERTS": "1",
    }


def pip_says(monkeypatch, text):
    def run(command, **options):
        return subprocess.CompletedProcess(command, 0, stdout=text.encode())

    monkeypatch.setattr(subprocess, "run", run)


def test_pips_files_are_read_in_pips_order(monkeypatch):
    pip_says(
        monkeypatch,
        ":env:.timeout='9'\n"
        "download.index-url='https://download.example'\n"
        "global.cert='/all.pem'\n"
        "global.index-url='https://global.example'\n"
        "global.timeout='5'\n"
        "install.index-url='https://install.example/a=b'\n"
        "install.target='/elsewhere'\n"
        "global.extra-index-url='\\nhttps://one.example\\nhttps://two.example'\n"
        "a line that is not a setting\n",
    )
    assert install.pip_settings("/fk/.venv") == {
        "index-url": "https://install.example/a=b",
        "extra-index-url": "https://one.example https://two.example",
        "cert": "/all.pem",
        "timeout": "9",
    }


def test_where_pips_file_is_damaged_its_variables_still_count(no_settings, monkeypatch):
    def run(command, **options):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/it's")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    assert install.pip_settings("/fk/.venv") == {"index-url": "https://mirror.example/it's"}


@pytest.mark.parametrize("usable", [True, False])
def test_uv_has_a_cache_where_home_cannot_be_written_to(tmp_path, monkeypatch, usable):
    file = tmp_path / "file"
    file.write_bytes(b"")
    pip_says(monkeypatch, str((tmp_path if usable else file) / "cache") + "\n")
    variables = {}
    install.give_uv_a_cache("/fk/.venv", variables)
    inside = {"UV_CACHE_DIR": os.path.join("/fk/.venv", "uv-cache")}
    assert variables == ({} if usable else inside)


# One at a time, and never silent


def test_a_second_start_waits_for_the_first(ran, capsys, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    whole = install.follow

    def slow(command, variables):
        begun.set()
        go_on.wait(60)
        return whole(command, variables)

    monkeypatch.setattr(install, "follow", slow)
    first = threading.Thread(target=install.prepare, args=("lab",))
    first.start()
    begun.wait(60)
    second = threading.Thread(target=install.prepare, args=("lab",))
    second.start()
    said = ""
    while "Another start.py is making the environment .venv: waiting for it." not in said:
        assert second.is_alive()
        time.sleep(0.05)
        said += capsys.readouterr().out
    go_on.set()
    first.join(60)
    second.join(60)
    assert len(ran) == 4, "it was made once"


def test_a_silent_step_says_that_it_is_still_at_work(capsys):
    code = "import time; print('begun', flush=True); time.sleep(3); print('done'); exit(3)"
    ended, printed = install.follow([sys.executable, "-c", code], dict(os.environ), patience=1)
    assert (ended, printed.split()) == (3, ["begun", "done"])
    said = capsys.readouterr().out
    assert "    begun\n    still at work, for " in said


def test_characters_that_a_terminal_lacks_do_not_stop_an_installation(capsys, monkeypatch):
    import io

    terminal = io.TextIOWrapper(io.BytesIO(), encoding="cp437", newline="")
    monkeypatch.setattr(sys, "stdout", terminal)
    install.say("  × No solution found\n  ╰─▶ tqdm ✓\n")
    told = terminal.buffer.getvalue().decode("cp437")
    assert "No solution found" in told
    assert told.endswith("tqdm ?\n")


def test_called_by_a_link_it_finds_the_same_folder(tmp_path):
    link = tmp_path / "link"
    try:
        link.symlink_to(ROOT, target_is_directory=True)
    except OSError:
        pytest.skip("this user may not make links")
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['HERE'])"
    ran = subprocess.run(
        [sys.executable, "-c", code, link / "start.py"], capture_output=True, text=True
    )
    assert ran.stdout.strip() == os.path.realpath(ROOT)
