"""Bubblewrap: where it is, and what to do where it is missing or does not work."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["NoSandbox", "find_bwrap", "why_not"]


class NoSandbox(OSError):
    """Bubblewrap is missing or does not work here; the text says what to do."""


_WAY_OUT = (
    "grade where it does (a Linux machine, or a virtual one), or add --unsafe if you trust every "
    "notebook as much as a program that you start yourself"
)
_APPARMOR = """bubblewrap is here, but AppArmor keeps it from working ({why}), as on Ubuntu since \
23.10. Allow it, once, with these lines in a terminal, and grade again:

    printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap {path} flags=(unconfined) \
{{ userns, }}\\n' | sudo tee /etc/apparmor.d/bwrap
    sudo apparmor_parser -r /etc/apparmor.d/bwrap

(or grade as root, with sudo; what notebooks may do is the same)"""
_RESTRICTION = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def why_not(why):
    """Return why bubblewrap does not work, and what to do."""
    why = why[-300:]
    refused = "uid map: Permission denied" in why or "RTM_NEWADDR" in why
    with contextlib.suppress(OSError):
        refused = refused or _RESTRICTION.read_text().strip() == "1" and "Permission denied" in why
    if refused:
        return _APPARMOR.format(why=why, path=shutil.which("bwrap"))
    return f"bubblewrap is here but does not work ({why}): {_WAY_OUT}"


def find_bwrap():
    """Return the path of bubblewrap, or raise `NoSandbox` with what to do."""
    if sys.platform != "linux":
        raise NoSandbox(
            "notebooks of others are run by bubblewrap, which shuts them off from the rest of the "
            "machine and exists only on Linux: grade on Linux (on Windows in WSL, on a Mac in a "
            "virtual machine), or add --unsafe if you trust every notebook as much as a program "
            "that you start yourself"
        )
    found = shutil.which("bwrap")
    if found is None:
        raise NoSandbox(
            "notebooks of others are run by bubblewrap, which shuts them off from the rest of the "
            "machine, and it is missing: install it (Debian, Ubuntu: sudo apt-get install "
            "bubblewrap; Fedora: sudo dnf install bubblewrap), or add --unsafe if you trust every "
            "notebook as much as a program that you start yourself"
        )
    said = subprocess.run([found, "--help"], capture_output=True, text=True, check=False)
    if "--size" not in said.stdout + said.stderr:
        raise NoSandbox(f"the bubblewrap here is too old, 0.8 or newer is needed: {_WAY_OUT}")
    return found
