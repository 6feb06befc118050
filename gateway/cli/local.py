"""What the commands on the local store share (product 7.4): settings, services, actor, exit codes.

They work through the same services as the REST API and need no running gateway; a change reaches running
ones by the change feed. Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 not found; 4 refused,
or in conflict with what is.
"""

import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec

import click
from pydantic import BaseModel

from gateway import app
from gateway.cli.tables import json_line
from gateway.config import Config, ConfigError, load
from gateway.errors import GatewayError, Kind
from gateway.records import Actor

P = ParamSpec("P")

FAILED, USAGE, NOT_FOUND, REFUSED = 1, 2, 3, 4
CODES: Mapping[Kind, int] = {
    Kind.MALFORMED: USAGE,
    Kind.NOT_FOUND: NOT_FOUND,
    Kind.FORBIDDEN: REFUSED,
    Kind.CONFLICT: REFUSED,
    Kind.UNSUPPORTED: REFUSED,
}
DEFAULT_FILE = Path("/etc/usher/usher.toml")
VARIABLE = "USHER_CONFIG"


@dataclass(frozen=True, slots=True)
class Work:
    """What a command works with.

    Attributes:
        actor: ``cli:`` and the operating system's user, as the audit trail names them.
        as_json: answer for programs.
    """

    services: app.Services
    actor: Actor
    as_json: bool

    def show(self, value: BaseModel | Mapping[str, Any], for_people: Callable[[], str]) -> None:
        """Print a result: the document that the REST API would answer, or its text for people."""
        if not self.as_json:
            click.echo(for_people())
            return
        document = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        click.echo(json_line(document))


def on_store(command: Callable[Concatenate[Work, P], None]) -> Callable[..., None]:
    """Give a command ``--config``, ``--json`` and its ``Work``; end it with the right code."""

    @wraps(command)
    def run(*positional: P.args, **named: P.kwargs) -> None:
        path, as_json = named.pop("path"), named.pop("as_json")
        with _failures_told(), _opened(path if isinstance(path, Path) else None) as services:
            command(Work(services, os_actor(), bool(as_json)), *positional, **named)

    options = (
        click.option(
            "--config",
            "path",
            envvar=VARIABLE,
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"TOML file; without it ${VARIABLE}, or {DEFAULT_FILE}.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Answer for programs."),
    )
    for option in options:
        run = option(run)
    return run


def os_actor() -> Actor:
    """Who runs this process, by the system's own account and not by the environment."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    return Actor("admin", f"cli:{name}")


def end(message: str, code: int) -> NoReturn:
    """Say why on standard error, and stop."""
    click.echo(f"usher: {message}", err=True)
    sys.exit(code)


@contextmanager
def _opened(path: Path | None) -> Iterator[app.Services]:
    config = config_of(path)
    app.prepare(config)
    services = app.services(config)
    try:
        yield services
    finally:
        services.store.close()


def config_of(path: Path | None) -> Config:
    """The configuration of a command; ends it when that is wrong."""
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    try:
        return load(path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None), environ, check_files=False)
    except ConfigError as error:
        end(f"the configuration is wrong:\n{error}", USAGE)


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except GatewayError as error:
        faults = [f"\n  {name}: {fault}" for name, fault in error.faults.items() if fault != error.public]
        end((error.public or _plain(error.kind)) + "".join(faults), CODES.get(error.kind, FAILED))
    except OSError as error:
        end(f"{error.filename or 'the store'}: {error.strerror or error}", FAILED)


def _plain(kind: Kind) -> str:
    return "the database does not answer" if kind is Kind.UNAVAILABLE else kind.value
