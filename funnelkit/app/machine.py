"""What `funnelkit doctor` finds out about the machine: disk, memory, folders, drives."""

import os
import shutil
import sys
from pathlib import Path

__all__ = ["drive_kind", "free_disk", "memory", "path_limit", "synchronized"]

# The longest path inside of the environment, counted on Windows, where 260 is the limit.
LONGEST_INSIDE = 161
PATH_LIMIT = 260

NETWORK_DRIVES = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "afpfs", "webdav", "9p", "ceph"}
NETWORK_DRIVES |= {"fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "lustre", "beegfs", "gpfs"}
SYNCHRONIZED = ["OneDrive", "Dropbox", "Google Drive", "GoogleDrive", "My Drive", "iCloud"]
SYNCHRONIZED += ["Mobile Documents", "Nextcloud", "CloudStorage"]


def free_disk(folder):
    """Return how many bytes are free where a folder is, or is to be made."""
    folder = Path(folder)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def memory():
    """Return how many bytes of memory this machine has; None if it does not say."""
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (f"value_{number}", ctypes.c_ulonglong) for number in range(7)
            ]

        status = Status()
        status.length = ctypes.sizeof(status)
        ok = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status.value_0 if ok else None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def long_paths_allowed():
    """Return whether this Windows was told to allow paths of more than 260 characters."""
    try:
        import winreg

        where = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, where) as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except (ImportError, OSError):
        return False


def path_limit(env, *, windows=None, allowed=long_paths_allowed):
    """Return how many characters the path of the environment is too long; 0 if it is not.

    Parameters
    ----------
    env : str or path
        The folder of the environment.
    windows : bool, optional
        By default whether this is Windows; other systems have no such limit.
    allowed : callable, optional
        Says whether longer paths are allowed.

    Examples
    --------
    >>> path_limit("x" * 100, windows=True, allowed=lambda: False)
    2
    """
    if not (os.name == "nt" if windows is None else windows) or allowed():
        return 0
    return max(0, len(str(env)) + 1 + LONGEST_INSIDE - PATH_LIMIT)


def drive_kind(folder, *, mounts=None):
    """Return the kind of network drive that a folder is on, such as ``"nfs"``; empty if on none.

    Parameters
    ----------
    folder : path
    mounts : str, optional
        What is mounted where, in the form of Linux's ``/proc/self/mountinfo``; by default that.

    Examples
    --------
    >>> drive_kind("/home/me/work", mounts="36 1 0:30 / /home rw,noatime - nfs4 srv:/x rw")
    'nfs4'
    """
    if sys.platform == "win32":
        import ctypes

        path = str(Path(folder).resolve())
        network = 4  # DRIVE_REMOTE
        root = os.path.splitdrive(path)[0] + "\\"
        remote = path.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(root) == network
        return "network drive" if remote else ""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    path = os.path.realpath(folder)
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if not after or len(before.split()) < 5:
            continue
        place = before.split()[4].replace(r"\040", " ")
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= best:
            best, kind = len(place), after.split()[0]
    return kind if kind in NETWORK_DRIVES else ""


def synchronized(folder):
    """Return the service that copies a folder to the net, such as ``"OneDrive"``; empty if none.

    Examples
    --------
    >>> synchronized("/Users/me/OneDrive - Company/funnelkit/work")
    'OneDrive'
    """
    for part in Path(folder).parts:
        for name in SYNCHRONIZED:
            if part.startswith(name):
                return name
    return ""
