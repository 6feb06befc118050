"""What the commands on the local store share (product 7.4): settings, services, actor, exit codes.

They go through the REST API: within this process on this machine's store, which needs no running gateway, or
over HTTPS with ``--server``. A change reaches running gateways by the change feed. Exit codes: 0 done; 1
failed; 2 wrong usage or configuration; 3 not found; 4 refused, or in conflict with what is; 130 by Ctrl-C.
"""

import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, ParamSpec

import click
from pydantic import BaseModel

from gateway.cli.api import Api, elsewhere, on_this_machine
from gateway.cli.failures import CODES, FAILED, NOT_FOUND, REFUSED, USAGE, tell_error, tell_words
from gateway.cli.session_file import file_of
from gateway.cli.tables import json_line, listing
from gateway.config import Config, ConfigError, load, read_secret
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import MACHINE, Authority

if TYPE_CHECKING:
    from gateway import app

__all__ = [
    "CA_FILE",
    "CODES",
    "FAILED",
    "NOT_FOUND",
    "REFUSED",
    "SERVER",
    "USAGE",
    "Where",
    "Work",
    "authority_here",
    "config_of",
    "end",
    "failures_told",
    "on_store",
    "os_actor",
    "token_in",
    "work_on",
]

P = ParamSpec("P")

DEFAULT_FILE = Path("/etc/usher/usher.toml")
VARIABLE = "USHER_CONFIG"


@dataclass(frozen=True, slots=True)
class Work:
    """What a command works with.

    Attributes:
        api: the REST API, of this machine's store or of a remote gateway.
        actor: ``cli:`` and the operating system's user, as the audit trail names them.
        as_json: answer for programs.
        here: the services of this machine's store, None for a remote gateway.
    """

    api: Api
    actor: Actor
    as_json: bool
    here: "app.Services | None"

    @property
    def services(self) -> "app.Services":
        """The services of this machine's store; UNSUPPORTED for a remote gateway."""
        if self.here is None:
            raise GatewayError(Kind.UNSUPPORTED, "This command works on the machine of the gateway only.")
        return self.here

    def show(self, value: BaseModel | Mapping[str, Any], for_people: Callable[[], str]) -> None:
        """Print a result: the document that the REST API would answer, or its text for people."""
        if not self.as_json:
            click.echo(for_people())
            return
        document = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        click.echo(json_line(document))

    def show_fields(self, value: BaseModel) -> None:
        """The same, with one field a line for people."""
        self.show(value, lambda: listing(value.model_dump()))


@dataclass(frozen=True, slots=True)
class Where:
    """Which gateway a command is about.

    Attributes:
        path: configuration of this machine's one. server: URL of a remote admin listener, empty for none.
    """

    path: Path | None = None
    server: str = ""
    token_file: Path | None = None
    authority: Path | None = None


def on_store(command: Callable[Concatenate[Work, P], None]) -> Callable[..., None]:
    """Give a command its ``Work`` and the options that say where; end it with the right code."""

    @wraps(command)
    def run(*positional: P.args, **named: P.kwargs) -> None:
        as_json = bool(named.pop("as_json"))
        told: dict[str, Any] = {name: named.pop(name) for name in Where.__slots__}
        where = Where(**told)
        with failures_told(), work_on(where, as_json) as work:
            command(work, *positional, **named)

    for option in _OPTIONS:
        run = option(run)
    return run


_FILE = click.Path(dir_okay=False, path_type=Path)
SERVER = click.option(
    "--server",
    envvar="USHER_SERVER",
    default="",
    help="Admin listener of a remote gateway, https://HOST:PORT; without it this machine's own store.",
)
CA_FILE = click.option(
    "--ca-file",
    "authority",
    envvar="USHER_CA_FILE",
    type=_FILE,
    help="Certificates to trust at --server.",
)
_OPTIONS = (
    click.option(
        "--config",
        "path",
        envvar=VARIABLE,
        type=_FILE,
        help=f"TOML file; without it ${VARIABLE}, or {DEFAULT_FILE}.",
    ),
    SERVER,
    click.option(
        "--token-file",
        envvar="USHER_TOKEN_FILE",
        type=_FILE,
        help="File with the token for --server; without it the session of `usher login`.",
    ),
    CA_FILE,
    click.option("--json", "as_json", is_flag=True, help="Answer for programs."),
)


@contextmanager
def work_on(where: Where, as_json: bool) -> Iterator[Work]:
    """Open what a command works with."""
    if where.server:
        with elsewhere(where.server, token_in(where.token_file, where.server), where.authority) as api:
            yield Work(api, os_actor(), as_json, None)
        return
    with _opened(where.path) as services, on_this_machine(services, authority_here()) as api:
        yield Work(api, os_actor(), as_json, services)


def token_in(given: Path | None, server: str) -> str:
    """The token for a remote gateway, or who signed in there; ends the command where there is neither."""
    path = given or file_of(server)
    if given is None and not path.exists():
        end(f"--server needs --token-file, or sign in first: usher login --server {server}", USAGE)
    token = read_secret(path).decode("ascii", "replace")
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        end(f"{path} holds no token", USAGE)
    return token


def authority_here() -> Authority:
    """What whoever runs this process may do on the machine itself."""
    return Authority(os_actor().name, appointments=MACHINE, confirmed=True)


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
    tell_words(message, code)
    sys.exit(code)


@contextmanager
def _opened(path: Path | None) -> Iterator["app.Services"]:
    from gateway import app  # noqa: PLC0415 - neither --help nor a remote gateway pays for it

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
def failures_told() -> Iterator[None]:
    try:
        yield
    except GatewayError as error:
        sys.exit(tell_error(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        end(f"{error.filename or 'the store'}: {error.strerror or error}", FAILED)
