"""Installing in companies, on servers, on full disks, and twice at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import (
    DEAD,
    Mirror,
    base_python,
    environment,
    expect,
    is_root,
    needs,
    prepared_course,
    small_course,
    start,
    trial,
    wheels,
)


def installs(course, env, *told, **options):
    """Expect that a course installs itself and does what it is asked to; return what it said."""
    said, code = start(course, "workspace", env=env, **options)
    expect(code == 0 and "The notebooks are in" in said, said)
    for text in told:
        expect(text in said, f"not said: {text}", said)
    expect((course / "work/notebooks/00_start_here.ipynb").is_file(), said)
    expect(list((course / ".venv").rglob("tqdm/__init__.py")), "not installed", said)
    return said


def refuses(course, env, *told, **options):
    """Expect that the last line of a failing installation says why."""
    said, code = start(course, "workspace", env=env, **options)
    expect(code == 1, said)
    last = said.strip().splitlines()[-1]
    expect(last.startswith("start.py: "), said)
    for text in told:
        expect(text in last, f"not in the last line: {text}", said)


# From nothing


@trial
def mirror_named_by_a_variable(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        said = installs(course, environment(tmp, PIP_INDEX_URL=address), "Step 4 of 4")
        expect("pip, which takes longer" not in said, said)
    again, code = start(course, "workspace", env=environment(tmp))
    expect(code == 0 and "Step" not in again, again)


@trial
def mirror_named_by_a_file_beside_settings_for_other_environments(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp) as address:
        file = tmp / "pip.conf"
        file.write_text(
            f"[global]\nindex-url = {address}\nuser = yes\n"
            "require-hashes = yes\nno-binary = :all:\n"
            f"constraint = {tmp / 'no-such-file'}\n"
            f"[install]\nuser = yes\ntarget = {tmp / 'target'}\nprefix = {tmp / 'prefix'}\n",
            encoding="utf-8",
        )
        others = {name: tmp / name for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")}
        others |= dict.fromkeys(("PIP_CONSTRAINT", "UV_CONSTRAINT"), tmp / "no-such-file")
        others |= dict.fromkeys(("PIP_USER", "PIP_REQUIRE_HASHES", "UV_REQUIRE_HASHES"), 1)
        others |= {"UV_EXCLUDE_NEWER": "2001-01-01", "UV_NO_BINARY": 1, "UV_SYSTEM_PYTHON": 1}
        said = installs(course, environment(tmp, PIP_CONFIG_FILE=file, **others))
        expect("which takes longer" not in said, said)
    for name in (*others, "target", "prefix"):
        expect(not (tmp / name).exists(), f"{name} was used", said)


@trial
def mirror_without_uv(tmp):
    course = small_course(tmp / "course")
    with Mirror(tmp, only=["setuptools", "tqdm"]) as address:
        installs(course, environment(tmp, PIP_INDEX_URL=address))


@trial
def two_at_once_one_of_them_by_a_link(tmp):
    course = small_course(tmp / "course")
    link = tmp / "link"
    link.symlink_to(course, target_is_directory=True)
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address)
        options = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        both = [
            subprocess.Popen([base_python(), str(folder / "start.py"), "workspace"], **options)
            for folder in (course, link)
        ]
        said = [one.communicate(timeout=400)[0].decode() for one in both]
        expect([one.returncode for one in both] == [0, 0], *said)
        waited = [text for text in said if "Another start.py is making" in text]
        expect(len(waited) == 1 and "Step" not in waited[0], *said)
    again, code = start(link, "workspace", env=environment(tmp))
    expect(code == 0 and "Step" not in again, again)


@trial
def killed_and_started_again_with_another_pythons_settings(tmp):
    course = small_course(tmp / "course")
    broken = tmp / "broken"
    broken.mkdir()
    for name in ("sitecustomize", "pandas", "uv"):
        (broken / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
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
        env |= {"PYTHONPATH": str(broken), "PYTHONSTARTUP": str(broken / "uv.py")}
        env |= {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PYTHONSAFEPATH": "1"}
        env |= {"PYTHONNOUSERSITE": "1", "PYTHONHASHSEED": "7", "PYTHONDEVMODE": "1"}
        env |= {"LANG": "xx_XX.nonsense", "LC_ALL": "C", "TMPDIR": str(tmp / "no-such-folder")}
        env |= {"SOURCE_DATE_EPOCH": "0", "COLUMNS": "-1"}
        installs(course, env)


@trial
def moved_after_it_was_installed(tmp):
    course = prepared_course(tmp / "course")
    moved = tmp / "Él'ève Über 講座 & $x %20 moved"
    course.rename(moved)
    with Mirror(tmp) as address:
        installs(moved, environment(tmp, PIP_INDEX_URL=address), "Making the environment")


# With an environment that has uv


@trial
def mirror_that_only_pip_can_use(tmp):
    course = prepared_course(tmp / "course")
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address, UV_DEFAULT_INDEX=f"{DEAD}/simple/")
        installs(course, env, "Now with pip, which takes longer")


@trial
def mirror_without_the_pinned_version(tmp):
    course = prepared_course(tmp / "course")
    (course / "requirements.lock").write_text("tqdm==0.0.1\n", encoding="utf-8")
    with Mirror(tmp) as address:
        refuses(course, environment(tmp, PIP_INDEX_URL=address), "does not have one that fits")


@trial
def certificate_that_only_pip_is_told_of(tmp):
    needs("openssl", shutil.which("openssl"))
    key, cert = tmp / "key.pem", tmp / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert]
    made = subprocess.run(command, capture_output=True)
    needs(f"an openssl that makes certificates ({made.stderr[-100:]})", made.returncode == 0)
    course = prepared_course(tmp / "course")
    with Mirror(tmp, certificate=(cert, key)) as address:
        refuses(course, environment(tmp, PIP_INDEX_URL=address), "certificate")
        course = prepared_course(tmp / "another")
        installs(course, environment(tmp, PIP_INDEX_URL=address, PIP_CERT=cert))


@trial
def no_network_at_all(tmp):
    course = prepared_course(tmp / "course")
    refuses(course, environment(tmp), "does not reach the place")


@trial
def folder_of_wheels_and_no_network(tmp):
    course = prepared_course(tmp / "the course's folder")
    shutil.copytree(wheels(), course / "wheels")
    env = environment(tmp, PIP_FIND_LINKS="wheels", PIP_NO_INDEX=1)
    installs(course, env)
    (course / "requirements.lock").write_text("tqdm==0.0.1\n", encoding="utf-8")
    refuses(course, env, "does not hold one that fits this Python")


@trial
def folder_of_wheels_that_nobody_was_told_of(tmp):
    course = prepared_course(tmp / "the course's folder")
    shutil.copytree(wheels(), course / "wheels")
    env = environment(tmp)
    said = installs(course, env)
    expect("from the folder wheels" in said and "which takes longer" not in said, said)
    (course / "requirements.lock").write_text("tqdm==0.0.1\n", encoding="utf-8")
    refuses(course, env, "the folder wheels beside start.py does not hold all")


@trial
def home_that_cannot_be_written_to(tmp):
    course = prepared_course(tmp / "course")
    with Mirror(tmp) as address:
        said = installs(course, environment("/dev/null/home", PIP_INDEX_URL=address))
        expect("which takes longer" not in said, said)
        expect((course / ".venv/uv-cache").is_dir(), said)


@trial
def damaged_settings_of_pip(tmp):
    course = prepared_course(tmp / "course")
    (tmp / "pip.conf").write_text("[global\nnonsense", encoding="utf-8")
    with Mirror(tmp) as address:
        env = environment(tmp, PIP_INDEX_URL=address, PIP_CONFIG_FILE=tmp / "pip.conf")
        installs(course, env)


# Where it cannot


@trial
def disk_that_is_full(tmp):
    needs("Linux and root, to mount a small disk", sys.platform == "linux" and is_root())
    disk = tmp / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk])
    needs("the right to mount a disk", mounted.returncode == 0)
    try:
        course = small_course(disk / "course")
        env = environment(tmp, PIP_FIND_LINKS=wheels(), PIP_NO_INDEX=1)
        refuses(course, env, "the disk is full")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@trial
def disk_from_which_no_program_may_run(tmp):
    needs("Linux and root, to mount a disk", sys.platform == "linux" and is_root())
    disk = tmp / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,size=90m", "tmpfs", disk])
    needs("the right to mount a disk", mounted.returncode == 0)
    try:
        refuses(small_course(disk / "course"), environment(tmp), "lets no program run from it")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@trial
def names_of_folders_that_no_environment_can_have(tmp):
    for sign, name in ((os.pathsep, f"a '{os.pathsep}'"), ("\n", "a line break")):
        refuses(small_course(tmp / f"a{sign}b"), environment(tmp), name)


@trial
def environment_that_is_a_file(tmp):
    course = small_course(tmp / "course")
    Path(course / ".venv").write_text("in the way", encoding="utf-8")
    refuses(course, environment(tmp), "could not be made")
