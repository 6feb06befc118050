"""``usher demo``: the whole product on one machine, with phones that can be watched and wiped (issue 2).

A gateway on HTTPS with a fresh database and development certificates, a sample mail server behind it, and
three simulated phones that find it by AutoDiscover, accept the policy and hang in Ping until Ctrl-C.

Exit codes: 0 after an orderly stop, 1 when something could not start or went wrong.
"""

import asyncio
import os
import select
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from gateway import app
from gateway.cli.certs import dev
from gateway.cli.demo_children import Children
from gateway.cli.demo_play import Play
from gateway.cli.demo_stage import CAST, HOST, NAMES, Ports, Stage
from gateway.config import Config, ConfigError
from gateway.log import setup
from gateway.sample import serving as sample
from gateway.serving.application import Applications
from gateway.serving.reloading import ReloadableContext
from gateway.serving.sockets import BindError, Sockets, bind
from gateway.serving.supervisor import Supervisor

START_SECONDS = 30.0
"""What the gateway may take to answer: two seconds are its target, a loaded machine is slower."""
STOP_SECONDS = 10.0

_port = click.IntRange(1, 65535)


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
)
@click.option("--clients-port", type=_port, default=8443, show_default=True)
@click.option("--redirect-port", type=_port, default=8080, show_default=True)
@click.option("--admin-port", type=_port, default=8444, show_default=True)
@click.option("--for-seconds", type=click.FloatRange(min=0), help="Stop by itself after so many seconds.")
@click.option("--wipe-one", is_flag=True, help="Wipe the first phone once all of them wait, then stop.")
def demo(
    directory: Path,
    clients_port: int,
    redirect_port: int,
    admin_port: int,
    for_seconds: float | None,
    wipe_one: bool,
) -> None:
    """Show the gateway at work on this machine, with three phones."""
    stage = Stage(directory.resolve(), Ports(clients_port, redirect_port, admin_port))
    children = Children()
    try:
        play = _raise_curtain(stage, children)
        code = asyncio.run(play.run(for_seconds, wipe_one=wipe_one))
    except KeyboardInterrupt:
        code = 0
    finally:
        children.stop_all(STOP_SECONDS)
    click.echo("The demo has stopped.")
    sys.exit(code)


def _raise_curtain(stage: Stage, children: Children) -> Play:
    """Start everything but the phones."""
    try:
        sockets = bind(stage.listen())
    except BindError as error:
        _end(f"cannot listen: {error}\n--clients-port, --redirect-port and --admin-port choose other ports.")
    stage.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    stage.log_file.unlink(missing_ok=True)
    click.get_current_context().invoke(
        dev, path=None, given=NAMES, directory=stage.directory, key="ec", new_authority=False
    )
    mail = sample.listener()
    try:
        config = stage.config(mail.getsockname()[1])
    except ConfigError as error:
        _end(f"the configuration of the demo is not accepted:\n{error}")
    password = stage.set_up(config)
    users = {part.address: password for part in CAST}
    children.start(lambda: sample.main(users, mail), stage.log_file)
    mail.close()
    gateway = _start_gateway(stage, config, sockets, children)
    click.echo(f"\ngateway      https://{HOST}:{stage.ports.clients}/Microsoft-Server-ActiveSync")
    click.echo(f"redirect     http://{HOST}:{stage.ports.redirect}/autodiscover/autodiscover.xml")
    click.echo(f"console      https://{HOST}:{stage.ports.admin}/")
    click.echo(f"log          {stage.log_file}\n")
    return Play(stage, config, password, gateway)


def _start_gateway(stage: Stage, config: Config, sockets: Sockets, children: Children) -> int:
    """``usher serve`` with this configuration in a process of its own; returns its pid once it answers."""
    heard, ready = os.pipe()
    pid = children.start(lambda: _serve(config, sockets, ready), stage.log_file)
    os.close(ready)
    sockets.close()
    end = time.monotonic() + START_SECONDS
    while not select.select([heard], [], [], 0.1)[0]:
        if children.ended(pid) or time.monotonic() > end:
            _end(f"the gateway did not start; {stage.log_file} says why")
    os.close(heard)
    return pid


def _serve(config: Config, sockets: Sockets, ready: int) -> int:
    setup(config.log)
    now = datetime.fromtimestamp(time.time(), UTC)
    certificate = ReloadableContext(config.tls, names=(HOST,), now=now)
    applications = Applications(app.clients, app.redirect, app.admin, app.prepare)

    def say_ready() -> None:
        os.write(ready, b"\n")

    return Supervisor(config, applications, sockets, certificate, say_ready).run()


def _end(message: str) -> NoReturn:
    click.echo(f"usher demo: {message}", err=True)
    sys.exit(1)
