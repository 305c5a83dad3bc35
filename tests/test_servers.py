"""What tools/servers.py says and does where there is no server; real ones: tests/extras."""

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
