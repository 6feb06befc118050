"""Start a command as systemd would start it by a unit: its system calls, its memory, its capabilities.

``python confined.py UNIT COMMAND...`` reads the unit's own lines and has the kernel enforce them, so that a
call which the unit forbids fails in a test and not at an installation. The name spaces of a unit (read-only
file system, private /tmp) are left out: they need a running systemd.
"""

import ctypes
import ctypes.util
import errno
import os
import re
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_MDWE = 38, 24, 65
CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10}
LAST_CAPABILITY = 40


def service(unit: Path) -> Mapping[str, Sequence[str]]:
    """The lines of a unit by their names."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^([A-Za-z]+)=(.*)$", unit.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@cache
def _sets() -> Mapping[str, Sequence[str]]:
    listed = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = {}
    name = ""
    for line in listed.stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
            found[name] = []
        elif name and line.strip() and not line.strip().startswith("#"):
            found[name].append(line.strip())
    return found


def calls(names: Sequence[str]) -> set[str]:
    """System calls that the names of sets and of single calls mean."""
    found: set[str] = set()
    for name in names:
        found |= calls(_sets()[name]) if name.startswith("@") else {name}
    return found


def allowed(lines: Sequence[str]) -> set[str]:
    """What ``SystemCallFilter=`` lets through: a list, then lists that take away from it."""
    found: set[str] = set()
    for line in lines:
        if line.startswith("~"):
            found -= calls(line[1:].split())
        else:
            found |= calls(line.split())
    return found


def confine(unit: Path) -> None:
    """Put the unit's chains on this process and what it becomes."""
    lines = service(unit)
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(int(lines["UMask"][0], 8))
    kept = {CAPABILITIES[name] for name in lines["CapabilityBoundingSet"][0].split()}
    for number in range(LAST_CAPABILITY + 1):
        if number not in kept:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    names = allowed(lines["SystemCallFilter"])
    _demand(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if lines["MemoryDenyWriteExecute"] == ["yes"] and libc.prctl(PR_SET_MDWE, 1, 0, 0, 0):
        print("this kernel knows no PR_SET_MDWE: not tested", file=sys.stderr)
    _filter(names)


def _filter(names: set[str]) -> None:
    library = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ERRNO | errno.EPERM)))
    for name in sorted(names):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            _demand(library.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), number, 0))
    _demand(library.seccomp_load(context))


def _demand(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno() or -result, "the kernel refuses")


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
