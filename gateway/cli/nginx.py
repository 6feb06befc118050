"""``usher nginx render``: nginx's files for the configured domains (product 9.2).

Names come from the directory, certificates from the ``[tls]`` section: which file a name gets is decided as
the gateway itself decides it. Run it again after a domain or a certificate was added, then reload nginx.
Exit codes: 0 done; 1 failed; 2 wrong usage, configuration or name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from certs.errors import CertificateError
from certs.names import hosts_of
from gateway.cli.local import FAILED, USAGE, config_of, end
from gateway.cli.nginx_files import ROOTS, Foreign, Plan, Site, render, render_foreign
from gateway.cli.served import certificates, served_domains
from gateway.config import CertificateFiles, Config
from gateway.errors import GatewayError

LIVE = Path("/etc/letsencrypt/live")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def nginx() -> None:
    """Make nginx's configuration."""


@nginx.command("render")
@click.option("--config", "path", envvar="USHER_CONFIG", type=_FILE, help="TOML file of the gateway.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files into this folder; without it they are printed.",
)
@click.option("--apex", is_flag=True, help="Serve the bare domains as well, where a certificate has them.")
@click.option(
    "--reverse-proxy-only", "domain", metavar="DOMAIN", help="Only AutoDiscover of a foreign domain."
)
@click.option("--target", help="With it: https://HOST of the provider that has the mail.")
@click.option("--certificate", type=_FILE, help="With it: certificate for autodiscover.DOMAIN.")
@click.option("--key", type=_FILE, help="With it: its key.")
@click.option("--resolver", default="", help="With it: name server to ask for HOST again and again.")
@click.option("--roots", default=ROOTS, type=_FILE, help="With it: authorities that the provider is held to.")
def render_(path: Path | None, output: Path | None, apex: bool, domain: str | None, **foreign: Any) -> None:
    """Make the files for all configured domains, or for one whose mail lives elsewhere."""
    try:
        if domain is not None:
            files = render_foreign(_foreign(domain.lower(), **foreign))
        else:
            files = render(_plan(config_of(path), apex=apex))
        _give(files, output)
    except GatewayError as error:
        end(error.public, USAGE)
    except (CertificateError, OSError) as error:
        end(str(error), FAILED)


def _foreign(
    domain: str, target: str | None, certificate: Path | None, key: Path | None, resolver: str, roots: Path
) -> Foreign:
    if not target:
        raise click.UsageError("--reverse-proxy-only needs --target https://HOST")
    live = LIVE / f"autodiscover.{domain}"
    return Foreign(
        domain, target, certificate or live / "fullchain.pem", key or live / "privkey.pem", resolver, roots
    )


def _plan(config: Config, *, apex: bool) -> Plan:
    """Every host of every domain on port 80; on port 443 those that a certificate covers."""
    chosen, bad = certificates(config)
    for files, reason in bad.items():
        click.echo(f"usher: left out: {files.certificate}: {reason}", err=True)
    if config.public_host not in chosen:
        raise CertificateError(f"no certificate of the configuration has the name {config.public_host}")
    names = [config.public_host]
    for domain in served_domains(config):
        bare, *others = hosts_of(domain)
        names += [bare] * (apex and bare in chosen) + others
    names = list(dict.fromkeys([*names, *config.extra_hosts]))
    sites: dict[CertificateFiles, list[str]] = {}
    for name in names:
        if (found := chosen.find(name)) is not None:
            sites.setdefault(found, []).append(name)
    _tell_lacking([name for name in names if name not in chosen])
    made = tuple(Site(files.certificate, files.key, tuple(covered)) for files, covered in sites.items())
    upstream = {"upstream": str(config.listen.plain[0])} if config.listen.plain else {}
    return Plan(tuple(names), made, **upstream)


def _tell_lacking(names: list[str]) -> None:
    """On port 80 only, so far: enough for an authority that wants a proof."""
    needed = [name for name in names if name.startswith(("autodiscover.", "autoconfig."))]
    for name in needed:
        click.echo(f"usher: no certificate has the name {name}: it is on port 80 only", err=True)


def _give(files: Mapping[str, str], output: Path | None) -> None:
    for name, text in files.items():
        if output is None:
            click.echo(f"# ===== {name}\n{text}")
            continue
        place = output / name
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(place.name + ".part")
        part.write_text(text, encoding="ascii")
        part.replace(place)
        click.echo(f"written  {place}", err=True)
