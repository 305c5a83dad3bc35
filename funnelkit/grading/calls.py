"""The filter of system calls: what a notebook may not ask of Linux, as a program for it."""

import platform
import struct

from funnelkit.grading.bwrap import NoSandbox

__all__ = ["call_filter"]

# By processor: its number in the kernel's audit, and the numbers of calls that no lesson needs.
# clone3 is said not to exist, since a filter cannot read its arguments; libraries then use clone.
_MACHINES = {
    "x86_64": (0xC000003E, {"clone": 56, "socket": 41, "clone3": 435}),
    "aarch64": (0xC00000B7, {"clone": 220, "socket": 198, "clone3": 435}),
}
_REFUSED = {  # x86_64, aarch64
    # memory that no limit counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # new namespaces and mounts, in which a process would have rights again
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    # corners of the kernel
    "ptrace": (101, 117),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW…, all of them
_SOCKETS = (1, 16)  # unix, the list of networks
_INTERNET = (2, 10)  # the kernel would keep what nobody reads
_EPERM, _ENOSYS, _EAFNOSUPPORT, _ENETUNREACH = 1, 38, 97, 101


def call_filter(machine=None):
    """Return the filter of system calls as the bytes of a classic BPF program.

    Parameters
    ----------
    machine : str, optional
        As `platform.machine` names the processor.

    Raises
    ------
    NoSandbox
        If this is a processor whose system calls are not known here.

    Notes
    -----
    The form is ``struct sock_filter`` of Linux: a 16-bit operation, two jumps of 8 bits, and a
    32-bit value, see ``Documentation/userspace-api/seccomp_filter.rst`` in its sources.
    """
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        raise NoSandbox(f"the sandbox knows the processors x86_64 and aarch64, not {machine}")
    audit, calls = _MACHINES[machine]
    number = list(_MACHINES).index(machine)
    load, equal, at_least, any_bit, end = 0x20, 0x15, 0x35, 0x45, 0x06
    kill, allow = 0x80000000, 0x7FFF0000

    def refuse(error):
        return end, 0, 0, 0x00050000 | error

    program = [
        (load, 0, 0, 4),  # the processor that the call is for
        (equal, 1, 0, audit),
        (end, 0, 0, kill),
        (load, 0, 0, 0),  # the call
        (at_least, 0, 1, 0x40000000),  # a second set of numbers on x86_64
        (end, 0, 0, kill),
        (equal, 0, 1, calls["clone3"]),
        refuse(_ENOSYS),
    ]
    for numbers in _REFUSED.values():
        program += [(equal, 0, 1, numbers[number]), refuse(_EPERM)]
    program += [
        (equal, 0, 4, calls["clone"]),
        (load, 0, 0, 16),  # the lower half of its first argument
        (any_bit, 0, 1, _NEW_NAMESPACES),
        refuse(_EPERM),
        (end, 0, 0, allow),
        (equal, 0, 5 + len(_SOCKETS), calls["socket"]),
        (load, 0, 0, 16),
        *[(equal, 3 + len(_SOCKETS) - place, 0, kind) for place, kind in enumerate(_SOCKETS)],
        (equal, 1, 0, _INTERNET[0]),
        (equal, 0, 1, _INTERNET[1]),
        refuse(_ENETUNREACH),
        refuse(_EAFNOSUPPORT),
        (end, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in program)
