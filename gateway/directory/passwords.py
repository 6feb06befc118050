"""Password hashes: argon2id with costs that a gateway can pay (house.md 11.6; perf.md 6).

19 MiB, two passes, one lane: 19 ms a verification. The library's own default of 64 MiB and four lanes costs
95 ms and lets a stranger fill the memory. Both release the interpreter lock: call from a bounded pool of
threads.
"""

import unicodedata

from passlib.hash import argon2  # type: ignore[import-untyped]  # libpass ships no types

MAXIMUM_OCTETS = 256
"""Longest password looked at: four times what the built-in directory allows; longer ones only cost time
(T3)."""

MEMORY_KIB, PASSES = 19 * 1024, 2

_HASH = argon2.using(type="ID", memory_cost=MEMORY_KIB, time_cost=PASSES, parallelism=1)


_NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${'A' * 22}${'A' * 43}"
"""What a password of nobody is compared with: a hash of the same costs that no password has. Written down,
not computed, or the first stranger of each process would cost twice as much as anybody else."""


def is_acceptable(password: str) -> bool:
    """Whether a password may be shown to a directory at all: not empty, no NUL, not over-long (T3)."""
    return (
        bool(password) and "\0" not in password and len(password.encode("utf-8", "replace")) <= MAXIMUM_OCTETS
    )


def hash_password(password: str) -> str:
    """Hash for storing. Typed on a Mac or on a phone, the same letters must give the same hash: NFC first.

    Raises:
        ValueError: not ``is_acceptable``.
    """
    if not is_acceptable(password):
        raise ValueError("not a usable password")
    return str(_HASH.hash(_normal(password)))


def verify_password(password: str, stored: str | None) -> bool:
    """Compare in the same time whether there is a stored hash or not (T1: no user enumeration by the
    clock)."""
    if not is_acceptable(password):
        return False
    try:
        matches = bool(_HASH.verify(_normal(password), stored or _NOBODY))
    except (ValueError, TypeError):
        matches = False
    return matches and bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other costs than today's and should be replaced at the next login."""
    return bool(_HASH.needs_update(stored))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)
