"""Installing in companies, on servers, on full disks, and twice at once."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness import (
    DEAD,
    Mirror,
    base_python,
    environment,
    expect,
    is_root,
    needs,
    pin,
    small_course,
    start,
    trial,
    wheels,
)


def installs(course, env, told=(), verb="workspace", **options):
    """Expect that a course installs itself and does what it is asked to."""
    said, code = start(course, verb, env=env, **options)
    expect(code == 0 and "The notebooks are in" in said, said)
    for text in told:
        expect(text in said, f"not said: {text}", said)
    expect((course / "work/notebooks/00_start_here.ipynb").is_file(), said)
    return said


def refuses(course, env, *told, **options):
    """Expect that the last line of a failing installation says why, and nothing else."""
    said, code = start(course, "workspace", env=env, **options)
    expect(code == 1, said)
    last = said.strip().splitlines()[-1]
    expect(last.startswith("start.py: "), said)
    for text in told:
        expect(text in last, f"not in the last line: {text}", said)
    expect("Traceback" not in said, said)
    return last


@trial
def mirror_named_by_a_variable(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        said = installs(course, environment(tmp, PIP_INDEX_URL=address))
        expect("Step 4 of 4" in said and "pip, which takes longer" not in said, said)
        again, code = start(course, "workspace", env=environment(tmp))
        expect(code == 0 and "Step" not in again, again)


@trial
def mirror_named_by_a_file_that_also_says_where_to_install(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        file = tmp / "pip.conf"
        file.write_text(
            f"[global]\nindex-url = {address}\nrequire-hashes = yes\nno-binary = :all:\n"
            f"constraint = {tmp / 'no-such-file'}\n"
            f"[install]\nuser = yes\ntarget = {tmp / 'elsewhere'}\nprefix = {tmp / 'prefix'}\n",
            encoding="utf-8",
        )
        installs(course, environment(tmp, PIP_CONFIG_FILE=file))
        expect(not (tmp / "elsewhere").exists() and not (tmp / "prefix").exists(), "elsewhere")


@trial
def mirror_without_uv(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp, only=["setuptools", "tqdm"]) as address:
        installs(course, environment(tmp, PIP_INDEX_URL=address))


@trial
def mirror_that_only_pip_can_use(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address, UV_DEFAULT_INDEX=f"{DEAD}/simple/")
        installs(course, env, told=["Now with pip, which takes longer"])


@trial
def mirror_without_the_pinned_version(tmp):
    course = small_course(tmp / "course")
    (course / "requirements.lock").write_text("tqdm==0.0.1\n", encoding="utf-8")
    with Mirror(tmp) as address:
        refuses(course, environment(tmp, PIP_INDEX_URL=address), "does not have one that fits")


@trial
def variables_that_say_where_to_install(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment(
            tmp,
            PIP_INDEX_URL=address,
            PIP_USER=1,
            PIP_TARGET=tmp / "target",
            PIP_PREFIX=tmp / "prefix",
            PIP_ROOT=tmp / "root",
            PIP_REQUIRE_HASHES=1,
            PIP_CONSTRAINT=tmp / "none",
            UV_CONSTRAINT=tmp / "none",
            UV_EXCLUDE_NEWER="2001-01-01",
            UV_NO_BINARY=1,
            UV_REQUIRE_HASHES=1,
        )
        installs(course, env)
        for name in ("target", "prefix", "root"):
            expect(not (tmp / name).exists(), name)


@trial
def certificate_that_only_pip_is_told_of(tmp):
    needs("openssl", shutil.which("openssl"))
    key, cert = tmp / "key.pem", tmp / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    # As a company's certificate is: rustls takes no authority for a server's own certificate.
    made = subprocess.run([*command, "-keyout", key, "-out", cert], capture_output=True)
    needs(f"an openssl that makes certificates ({made.stderr[-100:]})", made.returncode == 0)
    course = small_course(tmp / "course")
    with Mirror(tmp, certificate=(cert, key)) as address:
        refuses(course, environment(tmp, PIP_INDEX_URL=address, PIP_RETRIES=0), "certificate")
        installs(course, environment(tmp, PIP_INDEX_URL=address, PIP_CERT=cert))


@trial
def no_network_at_all(tmp):
    course = small_course(tmp / "course")
    refuses(course, environment(tmp, PIP_RETRIES=0), "does not reach the place")


@trial
def folder_of_wheels_and_no_network(tmp):
    course = small_course(tmp / "the course's folder")
    shutil.copytree(wheels(), course / "wheels")
    env = environment(tmp, PIP_FIND_LINKS="wheels", PIP_NO_INDEX=1)
    installs(course, env)
    for wheel in (course / "wheels").glob("tqdm*"):
        wheel.unlink()
    (course / "requirements.lock").write_text(pin("tqdm") + "\n# anew\n", encoding="utf-8")
    shutil.rmtree(course / ".venv")
    refuses(course, {**env, "HOME": str(course)}, "does not hold one that fits this Python")


@trial
def home_that_cannot_be_written_to(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment("/dev/null/home", PIP_INDEX_URL=address)
        said = installs(course, env)
        expect("which takes longer" not in said, said)
        expect((course / ".venv/uv-cache").is_dir(), said)


@trial
def two_at_once(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address)
        command = [base_python(), str(course / "start.py"), "workspace"]
        options = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        both = [subprocess.Popen(command, **options) for _ in range(2)]
        said = [one.communicate(timeout=240)[0].decode() for one in both]
        expect([one.returncode for one in both] == [0, 0], *said)
        waited = [text for text in said if "Another start.py is making" in text]
        expect(len(waited) == 1 and "Step" not in waited[0], *said)


@trial
def killed_while_it_installs_and_started_again(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address)
        command = [base_python(), str(course / "start.py"), "workspace"]
        with subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, start_new_session=True
        ) as first:
            for line in first.stdout:
                if b"Step 2" in line:
                    break
            os.killpg(first.pid, 9)
        installs(course, env)


@trial
def called_by_a_link(tmp):
    course = small_course(tmp / "course")
    link = tmp / "link"
    link.symlink_to(course, target_is_directory=True)
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address)
        installs(course, env)
        for place in (link, course, link):
            said, code = start(place, "workspace", env=env)
            expect(code == 0 and "Step" not in said, said)


@trial
def moved_after_it_was_installed(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address)
        installs(course, env)
        moved = tmp / "Él'ève Über 講座 & $x %20 moved"
        course.rename(moved)
        installs(moved, env, told=["Making the environment"])


@trial
def disk_that_is_full(tmp):
    needs("Linux and root, to mount a small disk", sys.platform == "linux" and is_root())
    disk = tmp / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk])
    needs("the right to mount a disk", mounted.returncode == 0)
    try:
        course = small_course(disk / "course")
        with Mirror(tmp) as address:
            refuses(course, environment(tmp, PIP_INDEX_URL=address), "the disk is full")
    finally:
        time.sleep(0.5)
        subprocess.run(["umount", "--lazy", disk], check=True)


@trial
def another_pythons_settings(tmp):
    course = small_course(tmp / "course")
    broken = tmp / "broken"
    broken.mkdir()
    for name in ("sitecustomize", "pandas", "uv"):
        (broken / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
    with Mirror(tmp) as address:
        env = environment(
            tmp,
            PIP_INDEX_URL=address,
            PYTHONPATH=broken,
            PYTHONWARNINGS="error",
            PYTHONOPTIMIZE=2,
            PYTHONSAFEPATH=1,
            PYTHONNOUSERSITE=1,
            PYTHONDONTWRITEBYTECODE=1,
            PYTHONSTARTUP=broken / "uv.py",
            PYTHONINSPECT="",
            LANG="xx_XX.nonsense",
            LC_ALL="C",
            TMPDIR=tmp / "no-such-folder",
        )
        installs(course, env)


@trial
def names_of_folders_that_no_environment_can_have(tmp):
    for sign, name in ((":", "a ':'"), ("\n", "a line break")):
        course = small_course(tmp / f"a{sign}b")
        refuses(course, environment(tmp), name)


@trial
def environment_that_is_a_file(tmp):
    course = small_course(tmp / "course")
    Path(course / ".venv").write_text("in the way", encoding="utf-8")
    refuses(course, environment(tmp), "could not be made")
