"""What a sandbox sees of the machine: the system's libraries, this Python, and nothing else.

Of the folders that Python lies in, only the program, its library folder and shared objects are
there: a program in ``~/.local/bin`` or in conda's folder has the user's keys beside it.
"""

import os
import site
import sys
import sysconfig
from pathlib import Path

__all__ = ["COURSE", "mounts", "prefixes", "private_folders", "programs", "site_folders"]

COURSE = "/course"  # where a sandbox sees the copy
FOLDERS = {"/tmp": 256, "/dev/shm": 64, f"{COURSE}/work": 64}  # writable, in memory, in MB
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store")
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
FONTS = "/usr/share/fonts"  # matplotlib has its own, and would list these for each submission


def _within(path, folders):
    return any(Path(path).is_relative_to(folder) for folder in folders)


def prefixes():
    """Return the folders that this Python, and the one it was made from, are installed in."""
    names = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return {Path(name) for name in names} | {Path(os.path.realpath(name)) for name in names}


def programs():
    """Return each link on the way to the program of this Python, and at the end the program."""
    found = []
    for start in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        program = Path(start)
        for _ in range(20):
            found += [program, Path(os.path.realpath(program.parent)) / program.name]
            if not program.is_symlink():
                break
            program = program.parent / os.readlink(program)
    return [Path(os.path.abspath(program)) for program in found]


def site_folders():
    """Return folders of installed packages outside of this Python's own, as after pip --user."""
    known = set(map(os.path.realpath, site.getsitepackages()))
    return [
        Path(entry)
        for entry in sys.path
        if Path(entry).name in ("site-packages", "dist-packages")
        and os.path.realpath(entry) not in known
    ]


def _python():
    """Return bubblewrap's arguments for this Python, by the path that each is for."""
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [os.path.realpath(folder) for folder in folders]
    folders += [*site.getsitepackages(), *map(str, site_folders())]
    if sys.prefix != sys.base_prefix:  # a virtual environment, whose programs are its own
        folders.append(os.path.join(sys.prefix, "bin"))
    made = {}
    for folder in sorted(set(folders)):
        if os.path.isdir(folder) and not _within(folder, [*SYSTEM, *made]):
            made[folder] = ["--ro-bind", folder, folder]
    files = [prefix / "pyvenv.cfg" for prefix in prefixes()]
    files += [
        file
        for prefix in prefixes()
        for name in ("lib", "lib64")
        if prefix != Path("/")
        for file in (prefix / name).glob("*.so*")
    ]
    for file in [*files, *programs()]:
        if file.exists() and not _within(file, [*SYSTEM, *made]):
            real = os.path.realpath(file)
            link = file.is_symlink() and real != str(file)
            made[str(file)] = ["--symlink" if link else "--ro-bind", real, str(file)]
            if link and not _within(real, [*SYSTEM, *made]):
                made[real] = ["--ro-bind", real, real]
    return made


def mounts(course, hidden):
    """Return bubblewrap's arguments for the file system, outer folders before inner ones.

    Parameters
    ----------
    course : path
        The copy that a notebook may see.
    hidden : sequence of path
        Folders that it may not see, whatever they lie in.

    Returns
    -------
    list of str
    """
    made = {}
    for name in SYSTEM:
        if os.path.islink(name):
            made[name] = ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            made[name] = ["--ro-bind", name, name]
    for name in SETTINGS:
        made[name] = ["--ro-bind-try", name, name]
    made |= _python()
    # A course or submissions inside of one of these folders would be seen with it.
    for path in map(Path, [*hidden, FONTS]):
        if path.is_dir() and _within(path, list(made)):
            made[str(path)] = ["--perms", "0555", "--size", "4096", "--tmpfs", str(path)]
    made["/proc"] = ["--proc", "/proc"]
    made["/dev"] = ["--dev", "/dev"]
    made[COURSE] = ["--ro-bind", str(course), COURSE]
    for name, megabytes in FOLDERS.items():
        made[name] = ["--perms", "1777", "--size", str(megabytes * 2**20), "--tmpfs", name]
    # Bubblewrap would make missing folders on the way for its own user only.
    for parent in {parent for name in made for parent in Path(name).parents} - {Path("/")}:
        made.setdefault(str(parent), ["--perms", "0755", "--dir", str(parent)])
    ordered = sorted(made, key=lambda name: len(Path(name).parts))
    arguments = [argument for name in ordered for argument in made[name]]
    # The root and /dev are file systems in memory as well, of any size: not to be written to.
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


def private_folders():
    """Return folders beside this Python, and of the user, that no sandbox may see into."""
    home = Path(os.path.expanduser("~"))  # which stays so where there is none
    beside = [*prefixes(), *(program.parent.parent for program in programs())]
    folders = [home, home / ".config", home / ".local" / "share"]
    folders += [prefix / name for prefix in beside for name in ("", "share", "etc")]
    seen = [*SYSTEM, *FOLDERS]
    return [folder for folder in dict.fromkeys(folders) if not _within(folder, seen)]
