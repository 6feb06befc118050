"""``usher serve`` and ``usher check`` (product 9, 10).

Exit codes: 0 after an orderly stop, 1 when the service could not start or go on, 2 for a configuration
that is wrong.
"""

import json
import logging
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from certs.errors import CertificateError
from gateway.board import Board
from gateway.config import Config, ConfigError, load
from gateway.log import setup
from gateway.serving.application import Applications
from gateway.serving.notifying import Notifier
from gateway.serving.reloading import ReloadableContext
from gateway.serving.sockets import BindError, bind
from gateway.serving.supervisor import Supervisor
from gateway.serving.token import ensure_token

WRONG_CONFIGURATION = 2
VARIABLE = "USHER_CONFIG"

_logger = logging.getLogger("usher.serving")

config_option = click.option(
    "--config",
    "path",
    envvar=VARIABLE,
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"TOML file, or ${VARIABLE}; without it, USHER_* variables say everything.",
)
force_option = click.option("--force", is_flag=True, help="Accept a self-signed or expired certificate.")


@click.command()
@config_option
@click.option("--workers", type=click.IntRange(1, 256), help="Client processes; beats the file.")
@force_option
def serve(path: Path | None, workers: int | None, force: bool) -> None:
    """Run the gateway until it is told to stop."""
    config = _loaded(path)
    if workers is not None:
        config = replace(config, listen=replace(config.listen, workers=workers))
    setup(config.log)
    certificate = _certificate(config, forced=force)
    for problem in certificate.problems if certificate else ():
        _logger.error("certificate left out: %s", problem)
    try:
        sockets = bind(config.listen)
    except BindError as error:
        _end(f"cannot listen:\n{error}", 1)
    board = Board(config.listen.processes + 1)
    applications, notifier = _applications(certificate, board), Notifier.taken_from(os.environ)
    sys.exit(Supervisor(config, applications, sockets, certificate, notifier=notifier).run())


@click.command()
@config_option
@click.option("--show", is_flag=True, help="Print the settings in force, secrets apart.")
@force_option
def check(path: Path | None, show: bool, force: bool) -> None:
    """Check a configuration without starting anything."""
    config = _loaded(path)
    certificate = _certificate(config, forced=force)
    if show:
        click.echo(json.dumps(config.redacted(), indent=2))
        return
    if certificate is not None:
        _tell_certificates(config, certificate)
    click.echo("The configuration is good.")


def _loaded(path: Path | None) -> Config:
    try:
        return load(path, {name: value for name, value in os.environ.items() if name != VARIABLE})
    except ConfigError as error:
        count = len(error.faults)
        _end(f"{count} fault{'s' if count > 1 else ''} in the configuration:\n{error}", WRONG_CONFIGURATION)


def _certificate(config: Config, *, forced: bool) -> ReloadableContext | None:
    """The server's certificates; a self-signed one under a public name ends the start (product 9.1, T10)."""
    if not config.tls.configured:
        return None
    now = datetime.fromtimestamp(time.time(), UTC)
    try:
        return ReloadableContext(config.tls, names=(config.public_host,), forced=forced, now=now)
    except CertificateError as error:
        _end(f"the certificate cannot be served: {error}\n(--force serves it all the same)", 1)


def _tell_certificates(config: Config, certificate: ReloadableContext) -> None:
    """Faults of single certificates end the check, although the gateway would start and leave them out."""
    from gateway.cli.installed import warnings  # noqa: PLC0415 - `usher serve` needs none of it

    for warning in warnings(config, datetime.fromtimestamp(time.time(), UTC)):
        click.echo(f"warning: {warning}", err=True)
    if certificate.problems:
        listed = "\n".join(certificate.problems)
        _end(f"these certificates would be left out:\n{listed}", 1)


def _applications(certificate: ReloadableContext | None, board: Board) -> Applications:
    """The composition root, imported in the parent so that the workers share its pages."""
    certified = certificate.covers if certificate else None
    from certs.signing import new_signing_key  # noqa: PLC0415 - `usher check` needs none of it
    from gateway import app  # noqa: PLC0415 - nor of this

    def prepare(config: Config) -> None:
        if config.admin.bootstrap:
            ensure_token(config.token_file)
        ensure_token(config.sealing_key_file)
        ensure_token(config.audit_key_file, lambda: new_signing_key().decode("ascii"))
        app.prepare(config)

    return Applications(
        partial(app.clients, certified=certified),
        partial(app.redirect, certified=certified),
        partial(app.admin, board=board),
        prepare,
        board,
    )


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"usher: {message}", err=True)
    sys.exit(code)
