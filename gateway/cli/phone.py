"""``usher device play``: plays a phone over the real network (issue 2, product 2.6).

For demos, tests and administrators who want to see a deployment as a device sees it. Neither the password
nor a policy key is ever printed.

Exit codes: 0 in sync, or stopped by Ctrl-C while waiting; 1 failed; 3 refused by the server; 4 wiped; 5 an
attack got through.
"""

import asyncio
import ssl
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gateway.cli.passwords import own_password
from gateway.phone.device import Phone
from gateway.phone.errors import PhoneError
from gateway.phone.hostile import attack
from gateway.phone.identity import HOSTILE, OBEDIENT, STUBBORN, Identity, QueryForm, Temper, device_id
from gateway.phone.life import DEFAULT_HEARTBEAT_SECONDS, Ending, Life
from gateway.phone.line import Line, Target
from gateway.phone.story import Event, Step
from mdm.ashttp import Version

TEMPERS = {"obedient": OBEDIENT, "stubborn": STUBBORN, "hostile": HOSTILE}
WIPE_STATUS = {"1": 1, "2": 2, "never": None}
SPOKEN = {version.text: version for version in Version if version >= Version.V12_1}
EXIT_CODES = {Ending.SYNCED: 0, Ending.FAILED: 1, Ending.REFUSED: 3, Ending.WIPED: 4}
GOT_THROUGH = 5


class Detour(click.ParamType[tuple[Target, Target]]):
    """``HOST:PORT:TO_HOST:TO_PORT``, as curl's ``--connect-to`` has it."""

    name = "HOST:PORT:TO_HOST:TO_PORT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Target, Target]:
        parts = value.split(":")
        if len(parts) != 4 or not (parts[1].isdecimal() and parts[3].isdecimal()):
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        return (parts[0], int(parts[1])), (parts[2], int(parts[3]))


@click.command()
@click.argument("address")
@click.option(
    "--password-file", type=click.File(), help="File with the password; - reads it from standard input."
)
@click.option("--login", help="Name to sign in with, if it is not the address.")
@click.option("--server", help="ActiveSync URL; without it the phone asks AutoDiscover.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM file to trust.")
@click.option("--connect-to", type=Detour(), multiple=True, help="Dial another address for a host and port.")
@click.option(
    "--protocol", type=click.Choice(list(SPOKEN)), help="Version to speak; the highest if not given."
)
@click.option(
    "--query", type=click.Choice([form.value for form in QueryForm]), default="plain", show_default=True
)
@click.option("--temper", type=click.Choice(list(TEMPERS)), default="obedient", show_default=True)
@click.option("--policy-status", type=click.IntRange(1, 4), help="How it acknowledges a policy: 1 to 4.")
@click.option("--wipe-status", type=click.Choice(list(WIPE_STATUS)), help="How it acknowledges a wipe.")
@click.option("--device-id", "number", help="DeviceId; one that stays the same is derived if not given.")
@click.option("--device-type", default="UsherPhone", show_default=True)
@click.option(
    "--heartbeat", type=click.IntRange(1, 3540), default=DEFAULT_HEARTBEAT_SECONDS, show_default=True
)
@click.option("--once/--stay", default=True, help="End in sync, or go on waiting for news.  [default: once]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a story.")
def play(address: str, **chosen: Any) -> None:
    """Play a phone of ADDRESS against a real server and tell what happens."""
    if not all(address.rpartition("@")[::2]):
        raise click.BadParameter("a mail address is needed", param_hint="ADDRESS")
    identity = _identity(address, own_password(chosen["password_file"]), chosen)
    try:
        sys.exit(asyncio.run(_live(identity, chosen)))
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


phone = play
"""The same command by the name under which it stands alone: ``usher phone``."""


def _identity(address: str, password: str, chosen: Mapping[str, Any]) -> Identity:
    return Identity(
        address,
        password,
        chosen["number"] or device_id(address, chosen["device_type"]),
        chosen["device_type"],
        SPOKEN.get(chosen["protocol"]),
        QueryForm(chosen["query"]),
        temper=_temper(chosen),
        login=chosen["login"],
    )


def _temper(chosen: Mapping[str, Any]) -> Temper:
    temper = TEMPERS[chosen["temper"]]
    if chosen["policy_status"] is not None:
        temper = replace(temper, provisions=True, policy_status=chosen["policy_status"])
    if chosen["wipe_status"] is not None:
        temper = replace(temper, wipe_status=WIPE_STATUS[chosen["wipe_status"]])
    return temper


def _trust(ca: Path | None) -> ssl.SSLContext:
    """The system's authorities, or the one in the file alone."""
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError as error:
        raise click.BadParameter(f"{ca} holds no certificate", param_hint="--ca") from error


async def _live(identity: Identity, chosen: Mapping[str, Any]) -> int:
    """One life; returns the exit code."""
    as_json, once = chosen["as_json"], chosen["once"]

    def tell(event: Event) -> None:
        click.echo(event.as_json() if as_json else event.as_line())

    async with Line(_trust(chosen["ca"]), dict(chosen["connect_to"])) as line:
        phone = Phone(identity, line, tell=tell, server=chosen["server"])
        if identity.temper.hostile and not await _held(phone):
            return GOT_THROUGH
        life = Life(phone, heartbeat=chosen["heartbeat"], once=once, patience=0 if once else None)
        return EXIT_CODES[await life.run()]


async def _held(phone: Phone) -> bool:
    """Whether the server withstands every attack; a server that cannot be reached does."""
    try:
        if phone.server is None:
            await phone.discover()
        await phone.options()
        findings = await attack(phone)
    except PhoneError as error:
        phone.tell(Step.PROBLEM, f"cannot attack: {error}")
        return True
    through = [finding for finding in findings if not finding.held]
    phone.tell(Step.PROBE, f"tried {len(findings)} attacks, {len(through)} got through", through=len(through))
    return not through
