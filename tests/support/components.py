"""What a test needs besides Python: said loudly where it is missing, and in CI a failure, never a skip."""

import os
import shutil
from collections.abc import Iterable
from typing import NoReturn

import pytest


def in_ci() -> bool:
    """Whether this is CI's run, which must not skip a thing."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def missing(what: str) -> NoReturn:
    """End the test: skipped with the reason on a developer's machine, failed in CI."""
    reason = f"needs {what}; 'make test' as root on Debian installs it"
    if in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def absent(programs: Iterable[str]) -> list[str]:
    """Those of the programs that are not on the path; Debian keeps daemons in /usr/sbin."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [program for program in programs if shutil.which(program, path=path) is None]


def need(*programs: str) -> None:
    """Go on only if every program is there."""
    if lacking := absent(programs):
        missing(", ".join(lacking))


def program(name: str) -> str:
    """Where a program is; the test ends when it is nowhere."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    return found or missing(name)
