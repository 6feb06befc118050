"""How a command fails (product 7.4): its exit code, and what it says on standard error.

The codes are what scripts stand on. For people all faults stand below the reason; with ``--json`` it is the
problem document that the REST API answers (RFC 9457), on one line, so that a program reads one form of error
whether the refusal came from the gateway, from the command line itself or from a file.
"""

from collections.abc import Mapping
from typing import Any

import click

from gateway.cli.tables import json_line, visible
from gateway.endpoints.rendering import problem
from gateway.errors import GatewayError, Kind

FAILED, USAGE, NOT_FOUND, REFUSED = 1, 2, 3, 4

CODES: Mapping[Kind, int] = {
    Kind.MALFORMED: USAGE,
    Kind.NOT_FOUND: NOT_FOUND,
    Kind.UNAUTHENTICATED: REFUSED,
    Kind.FORBIDDEN: REFUSED,
    Kind.UNCONFIRMED: REFUSED,
    Kind.CHANGED: REFUSED,
    Kind.CONFLICT: REFUSED,
    Kind.UNSUPPORTED: REFUSED,
}
_HOW_TO_CONFIRM = "Signed in: run `usher confirm`. With a token: it has to be made with --destructive."
_TITLES: Mapping[int, Kind] = {USAGE: Kind.MALFORMED, NOT_FOUND: Kind.NOT_FOUND, REFUSED: Kind.CONFLICT}


def tell_error(error: GatewayError, about: str = "") -> int:
    """Say why something was refused or failed; returns the exit code.

    Args:
        about: the device or person it was about, where a command goes on with others.
    """
    _, document = problem(error)
    words = error.public or _plain(error.kind)
    if error.kind is Kind.UNCONFIRMED and not wants_json():
        words = f"{words} {_HOW_TO_CONFIRM}"
    others = {name: fault for name, fault in error.faults.items() if fault != error.public}
    lines = [visible(words), *(f"  {name}: {visible(fault)}" for name, fault in others.items())]
    _say(document | {"detail": words}, "\n".join(lines), about)
    return CODES.get(error.kind, FAILED)


def tell_words(words: str, code: int) -> None:
    """Say why a command itself ends with ``code``."""
    kind = _TITLES.get(code)
    document = problem(GatewayError(kind, words))[1] if kind else _failure(words)
    _say(document, words)


def wants_json() -> bool:
    """Whether the command that is running was given ``--json``."""
    context = click.get_current_context(silent=True)
    return bool(context is not None and context.params.get("as_json"))


def usage_line(error: click.ClickException) -> str:
    """A command line that click does not understand, for programs."""
    return json_line(problem(GatewayError(Kind.MALFORMED, error.format_message()))[1])


def _failure(words: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": "failed", "detail": words}


def _say(document: Mapping[str, Any], words: str, about: str = "") -> None:
    if wants_json():
        line = json_line({**document, "about": about} if about else document)
    else:
        line = f"usher: {visible(about)}: {words}" if about else f"usher: {words}"
    click.echo(line, err=True)


def _plain(kind: Kind) -> str:
    return "the database does not answer" if kind is Kind.UNAVAILABLE else kind.value
