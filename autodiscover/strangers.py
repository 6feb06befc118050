"""What the formats that answer strangers share: which domain is meant, and for how long an answer holds.

A domain is a key to look up and nothing more. It is plain before anything is looked up: no control
character reaches a database, and a long one costs nothing (T12, T13).
"""

import re

from autodiscover.model import Question

LASTS: tuple[tuple[str, str], ...] = (
    ("cache-control", "public, max-age=300"),
    ("x-content-type-options", "nosniff"),
)
"""Headers of an answer about a domain: the same for everybody, and a change is seen within five minutes."""

MAXIMUM_ADDRESS = 254
"""Characters of a mail address that can be delivered to (RFC 5321 4.5.3.1.3 less the brackets)."""

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@(?P<domain>\w[\w.-]{0,252})")
_HOST = re.compile(r"\w[\w.-]{0,252}")


def domain_of(address: str) -> str:
    """The domain of a mail address, folded; empty when it is none."""
    found = _ADDRESS.fullmatch(address) if len(address) <= MAXIMUM_ADDRESS else None
    return found["domain"].lower() if found else ""


def about_host(host: str, prefix: str) -> tuple[Question, ...]:
    """What a host name may stand for: the domain before which ``prefix`` was put, else the domain itself."""
    guesses = dict.fromkeys((host.removeprefix(prefix), host))
    return tuple(Question(domain=guess) for guess in guesses if _HOST.fullmatch(guess))
