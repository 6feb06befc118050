"""What a person may do at ``/self/`` (product 7.8; T25): one table, and what is not in it is not there."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to do.

    Attributes:
        path: with ``{}`` where an id stands.
        does: what ``things`` serves it by; empty for what ``door`` does itself.
        open: anybody may, to sign in.
        proved: the password must have been shown within five minutes, or come along.
    """

    method: str
    path: str
    does: str
    open: bool = False
    proved: bool = False


THINGS: Sequence[Thing] = (
    Thing("GET", "/self/sign-in", "sign_in", open=True),
    Thing("POST", "/self/sign-in", "sign_in", open=True),
    Thing("GET", "/self/style.css", "style", open=True),
    Thing("POST", "/self/sign-out", ""),
    Thing("GET", "/self/", "devices"),
    Thing("GET", "/self/devices/{}", "device"),
    Thing("POST", "/self/devices/{}/wipe", "wipe", proved=True),
    Thing("POST", "/self/devices/{}/remove", "remove", proved=True),
    Thing("GET", "/self/app-passwords", "app_passwords"),
    Thing("POST", "/self/app-passwords", "make_app_password", proved=True),
    Thing("POST", "/self/app-passwords/{}/revoke", "revoke_app_password"),
    Thing("GET", "/self/organisation", "organisation"),
    Thing("GET", "/self/profile", ""),
)

NOTHING = Thing("", "", "nothing")
"""For every request that the table has no line for."""


def find(method: str, path: str) -> tuple[Thing, str]:
    """The line that a request is about, with the id in its path; NOTHING where there is none."""
    wanted = "GET" if method == "HEAD" else method
    for thing in THINGS:
        named = _named(thing.path, path)
        if thing.method == wanted and named is not None:
            return thing, named
    return NOTHING, ""


def _named(pattern: str, path: str) -> str | None:
    """The id in a path of this pattern, empty where it has none; None for another path."""
    before, there, after = pattern.partition("{}")
    if not there:
        return "" if path == pattern else None
    named = path[len(before) : len(path) - len(after)]
    fits = path.startswith(before) and path.endswith(after) and len(path) > len(before) + len(after)
    return named if fits and "/" not in named else None
