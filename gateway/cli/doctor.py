"""``usher doctor``: what every client would meet on its way to a mailbox, and what to mend (product 2.6).

It needs neither a database nor a configuration file, since it stands outside. The password is read from a
file, standard input or a prompt, and appears nowhere.

Exit codes: 0 nothing fails, warnings allowed; 1 something fails; 2 the command was wrong.
"""

import asyncio
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from certs.errors import CertificateError
from gateway.chance import SystemClock
from gateway.cli.passwords import own_password
from gateway.doctor.asking import Ways
from gateway.doctor.families import BY_NAME, FAMILIES
from gateway.doctor.judgement import judge
from gateway.doctor.tree import Report, as_json, as_text
from gateway.doctor.walk import Wishes, walk
from gateway.errors import GatewayError
from gateway.probes.dns import Resolver, Server
from gateway.probes.trust import roots
from gateway.services.names import require_address


class NameServer(click.ParamType[Server]):
    """``IP`` or ``IP:PORT``, an IPv6 address in brackets where a port follows."""

    name = "IP[:PORT]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Server:
        host, port = value, "53"
        if value.startswith("[") or value.count(":") == 1:
            host, _, port = value.rpartition(":") if not value.endswith("]") else (value, "", port)
        try:
            address = str(ip_address(host.strip("[]")))
        except ValueError:
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        if not port.isdecimal() or not 0 < int(port) < 65536:
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        return Server(address, int(port))


@click.command()
@click.argument("address")
@click.option(
    "--password-file", type=click.File(), help="File with the password; - reads it from standard input."
)
@click.option("--without-password", is_flag=True, help="Go as far as a stranger gets.")
@click.option("--login", default="", help="Name to sign in with, if it is not the address.")
@click.option(
    "--family",
    "families",
    multiple=True,
    type=click.Choice(list(BY_NAME)),
    help="Only these clients; repeatable.",
)
@click.option("--device", "with_device", is_flag=True, help="Go on to FolderSync with a device of our own.")
@click.option(
    "--ping",
    "heartbeat",
    type=click.IntRange(0, 3540),
    default=0,
    metavar="SECONDS",
    help="Hang in a Ping for so long, with --device; 70 finds a proxy that cuts after a minute.",
)
@click.option(
    "--trust", "trusted", multiple=True, metavar="HOST", help="A host that may have the password; repeatable."
)
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM file to trust.")
@click.option(
    "--resolver", "resolvers", multiple=True, type=NameServer(), help="Name server to ask; repeatable."
)
@click.option("--https-port", type=click.IntRange(1, 65535), default=443, help="Where https is, in a lab.")
@click.option("--http-port", type=click.IntRange(1, 65535), default=80, help="Where port 80 is, in a lab.")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of the tree.")
def doctor(address: str, **chosen: Any) -> None:
    """Walk every client's way to the mailbox of ADDRESS, from DNS to FolderSync, and say what to mend."""
    wishes = _wishes(_address(address), chosen)
    report = asyncio.run(_examined(wishes, chosen))
    click.echo(as_json(report) if chosen["json_wanted"] else as_text(report), nl=False)
    sys.exit(0 if report.healthy else 1)


def _address(text: str) -> str:
    try:
        return require_address(text)
    except GatewayError as error:
        raise click.BadParameter("a mail address is needed", param_hint="ADDRESS") from error


def _wishes(address: str, chosen: dict[str, Any]) -> Wishes:
    if chosen["heartbeat"] and not chosen["with_device"]:
        raise click.UsageError("--ping needs --device")
    if chosen["without_password"] and (chosen["with_device"] or chosen["password_file"]):
        raise click.UsageError("--without-password goes neither with --device nor with --password-file")
    return Wishes(
        address,
        None if chosen["without_password"] else own_password(chosen["password_file"]),
        chosen["login"],
        Ways(_authorities(chosen["ca"]), chosen["https_port"], chosen["http_port"]),
        frozenset(host.lower().rstrip(".") for host in chosen["trusted"]),
        chosen["with_device"],
        chosen["heartbeat"],
    )


async def _examined(wishes: Wishes, chosen: dict[str, Any]) -> Report:
    families = [family for family in FAMILIES if not chosen["families"] or family.name in chosen["families"]]
    resolver = Resolver(chosen["resolvers"])
    return judge(await walk(wishes, resolver, SystemClock().now(), _progress()), families)


def _authorities(ca: Path | None) -> Path | None:
    try:
        roots(ca)
    except (CertificateError, OSError) as error:
        raise click.BadParameter(f"{ca} holds no certificate", param_hint="--ca") from error
    return ca


def _progress() -> Any:
    """What is being asked, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"... {text}", err=True)
