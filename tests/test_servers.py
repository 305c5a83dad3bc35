"""What tools/servers.py says and does where there is no server; real ones: tests/extras."""

import subprocess

import pytest

from tools import servers


@pytest.fixture
def bare(monkeypatch):
    """A machine without servers, on which the packages that would be installed are noted."""
    noted = []
    monkeypatch.setattr(servers, "find", lambda name: None)
    monkeypatch.setattr(servers, "install_package", noted.append)
    monkeypatch.setattr(servers.shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(servers, "is_root", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    return noted


@pytest.mark.parametrize(
    ("name", "package"), [("mariadb", "mariadb-server"), ("postgresql", "postgresql")]
)
def test_a_missing_server_is_told_with_what_to_install(bare, name, package):
    with pytest.raises(servers.Unavailable, match=f"apt-get install {package}'"):
        servers.SERVERS[name]().__enter__()
    assert bare == []


def test_only_root_installs_a_server_and_only_where_the_variable_ci_is_set(bare, monkeypatch):
    monkeypatch.setenv("CI", "1")
    with pytest.raises(servers.Unavailable):
        servers.mariadb().__enter__()
    assert bare == ["mariadb-server"]
    monkeypatch.setattr(servers, "is_root", lambda: False)
    with pytest.raises(servers.Unavailable):
        servers.mariadb().__enter__()
    assert bare == ["mariadb-server"]


def test_what_is_installed_is_kept_from_starting_only_meanwhile(tmp_path, monkeypatch):
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(servers, "POLICY", policy)
    with servers.starting_forbidden():
        assert policy.read_text().endswith("exit 101\n")
    assert not policy.exists()
    policy.write_text("somebody else's")
    with servers.starting_forbidden():
        pass
    assert policy.read_text() == "somebody else's"


# ---------------------------------------------------------------- Java


def printing(text):
    """Stand in for `subprocess.run` of a java that says this about itself."""
    return lambda command, **options: subprocess.CompletedProcess(command, 0, "", text)


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('java version "21" 2023-09-19 LTS', True),
        ('openjdk version "11.0.2" 2019-01-15', False),
        ('java version "1.8.0_392"', False),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", False),
    ],
)
def test_spark_needs_a_java_that_is_not_too_old(monkeypatch, told, fits):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(servers, "find", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(servers.subprocess, "run", printing(told))
    if fits:
        assert servers.java() == "/usr/bin/java"
        return
    with pytest.raises(servers.Unavailable, match="Spark needs Java 17 or later.*JAVA_HOME"):
        servers.java()


def test_java_home_comes_first_as_spark_has_it_and_may_be_wrong(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(servers.Unavailable, match="does not say its version"):
        servers.java()


def test_a_missing_java_is_installed_where_servers_are(bare, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(servers.Unavailable, match="apt-get install default-jre-headless'"):
        servers.java()
    assert bare == []
    monkeypatch.setenv("CI", "1")
    with pytest.raises(servers.Unavailable):
        servers.java()
    assert bare == ["default-jre-headless"]
