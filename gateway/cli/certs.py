"""``usher certs``: a development authority, requests, and a look at what is really served (product 9.1).

Exit codes of ``check``: 0 when clients will connect (warnings included), 1 when something is wrong, 2
when the question itself was.
"""

import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click

from certs import authority, chain, csr, keys, names, served
from certs.errors import CertificateError
from gateway.cli.installed import Report, Unreadable, judged
from gateway.cli.served import served_domains
from gateway.config import Config, ConfigError, load
from gateway.config.certificate_files import certificate_files

TIMEOUT_S = 10.0
"""How long a server may take to answer one step of a handshake."""

HTTPS_PORT = 443
LOOPBACK = ("localhost", "127.0.0.1", "::1")
FAULTY, UNANSWERABLE = 1, 2
KINDS = tuple(kind.value for kind in keys.KeyKind)

_CONFIG = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.group()
def certs() -> None:
    """Make and check certificates."""


def _making(command: Callable[..., None]) -> Callable[..., None]:
    """The options of the commands that make something."""
    options = (
        click.option("--config", "path", type=_CONFIG, help="Take the names that this configuration serves."),
        click.option("--names", "given", multiple=True, help="Host names, separated by commas; repeatable."),
        click.option("--directory", type=_DIRECTORY, required=True, help="Where to write."),
        click.option("--key", type=click.Choice(KINDS), default=KINDS[0], help="Kind of the server's key."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@certs.command()
@_making
@click.option("--new-authority", is_flag=True, help="Replace the authority; devices must trust the new one.")
def dev(path: Path | None, given: tuple[str, ...], directory: Path, key: str, new_authority: bool) -> None:
    """Make a development authority and a server certificate signed by it.

    An authority that is there already is used again, so devices that trust it need not be touched.
    """
    try:
        wanted = _wanted(path, given)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        issuer, made = _authority(directory, renewed=new_authority)
        private = keys.new_key(keys.KeyKind(key))
        issued = authority.issue(issuer, csr.Request(wanted, private.public_key()), _now())
        _write(directory / "server.key", keys.to_pem(private))
        _write(directory / "server.pem", authority.to_pem(issued))
    except (CertificateError, OSError) as error:
        _end(str(error), FAULTY)
    click.echo(f"authority    {directory / 'authority.pem'} ({'new' if made else 'kept'})")
    click.echo(f"certificate  {directory / 'server.pem'}")
    click.echo(f"key          {directory / 'server.key'}")
    click.echo(f"names        {', '.join(wanted)}")


@certs.command()
@_making
def request(path: Path | None, given: tuple[str, ...], directory: Path, key: str) -> None:
    """Make a certificate request for an authority that the world trusts.

    A key that is there already is used again: the certificate that it has stays good until the new one comes.
    """
    file = directory / "server.key"
    try:
        wanted = _wanted(path, given)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = file.exists()
        private = keys.from_pem(file.read_bytes()) if kept else keys.new_key(keys.KeyKind(key))
        if not kept:
            _write(file, keys.to_pem(private))
        _write(directory / "server.csr", csr.write(private, wanted))
    except (CertificateError, OSError) as error:
        _end(str(error), FAULTY)
    click.echo(f"request      {directory / 'server.csr'}")
    click.echo(f"key          {file} ({'kept' if kept else 'new'})")
    click.echo(f"names        {', '.join(wanted)}")


@certs.command()
@click.option("--config", "path", type=_CONFIG, help="Look at the certificate that this configuration names.")
@click.option("--host", help="Look at what is really served at HOST[:PORT].")
@click.option("--name", help="Host name to ask that server for, where it is not HOST.")
@click.option("--ca", type=_CONFIG, help="Trust the authorities of this PEM file, and no others.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(path: Path | None, host: str | None, name: str | None, ca: Path | None, as_json: bool) -> None:
    """Say whether clients will accept the certificates, and if not, why."""
    if path is None and host is None:
        raise click.UsageError("name --config FILE, --host HOST:PORT or both")
    config = _config(path) if path else None
    reports: dict[str, Report] = {}
    try:
        roots = chain.parse(ca.read_bytes()) if ca else _system_roots()
        required, advised = _served_names(config) if config else ((), ())
        if config is not None:
            reports |= judged(config, roots, _now(), required=required, advised=advised)
        if host is not None:
            asked = names.normalise(name or _address(host)[0])
            sent = _sent(host, asked)
            by_name = config is not None and len(certificate_files(config.tls)) > 1
            reports["served"] = chain.inspect(
                sent,
                _now(),
                roots=roots,
                required=(asked,) if by_name else (asked, *required),
                advised=() if by_name else advised,
            )
    except (CertificateError, OSError) as error:
        _end(str(error), FAULTY)
    _show(reports, as_json=as_json)
    if any(report.level is chain.Level.FAULT for report in reports.values()):
        raise SystemExit(FAULTY)


def _wanted(path: Path | None, given: Iterable[str]) -> tuple[str, ...]:
    listed = [part for text in given for part in text.split(",") if part.strip()]
    if path is not None:
        listed += _served_names(_config(path))[1]
    listed = [names.normalise(name) for name in listed] or [LOOPBACK[0]]
    if LOOPBACK[0] in listed:
        listed += LOOPBACK
    return tuple(dict.fromkeys(listed))


def _authority(directory: Path, *, renewed: bool) -> tuple[authority.Authority, bool]:
    """The authority of the directory, and whether it was made just now."""
    certificate, key = directory / "authority.pem", directory / "authority.key"
    if not renewed and (certificate.exists() or key.exists()):
        try:
            return authority.load(certificate.read_bytes(), key.read_bytes()), False
        except (CertificateError, OSError) as error:
            raise CertificateError(f"{certificate}: {error}; --new-authority replaces it") from error
    made = authority.create(secrets.token_hex(4), _now())
    _write(key, keys.to_pem(made.key))
    _write(certificate, authority.to_pem(made.chain))
    return made, True


def _write(path: Path, octets: bytes) -> None:
    """Put a whole file in place at once, for its owner alone from its first byte."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(octets)
    part.replace(path)


def _config(path: Path) -> Config:
    try:
        return load(path, os.environ, check_files=False)
    except ConfigError as error:
        _end(str(error), UNANSWERABLE)


def _served_names(config: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that clients need, and those that they try (certs.names)."""
    domains = served_domains(config)
    return names.required(config.public_host, domains), names.advised(config.public_host, domains)


def _sent(host: str, name: str) -> tuple[chain.Certificate, ...]:
    with socket.create_connection(_address(host), timeout=TIMEOUT_S) as connection:
        return served.served_chain(name, connection.sendall, lambda: connection.recv(served.PIECE))


def _address(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or HTTPS_PORT
    except ValueError:
        host, port = None, 0
    if not host:
        raise click.UsageError(f"{text!r} is not HOST:PORT")
    return host, port


def _system_roots() -> tuple[chain.Certificate, ...]:
    """What this machine trusts: OpenSSL's bundle, or the directory that it reads on demand."""
    context = ssl.create_default_context()
    loaded = [ssl.DER_cert_to_PEM_cert(der) for der in context.get_ca_certs(binary_form=True)]
    if not loaded:
        directory = ssl.get_default_verify_paths().capath
        loaded = [path.read_text() for path in Path(directory).glob("*.pem")] if directory else []
    return chain.parse_roots(loaded)


def _show(reports: dict[str, Report], *, as_json: bool) -> None:
    if as_json:
        document = {place: _document(report) for place, report in reports.items()}
        click.echo(json.dumps(document, indent=2, default=str))
        return
    for place, report in reports.items():
        text = report.text if isinstance(report, Unreadable) else chain.explain(report)
        click.echo(f"--- {place}\n{text}")


def _document(report: Report) -> dict[str, Any]:
    if isinstance(report, Unreadable):
        return {"level": report.level.value, "findings": [asdict(report.finding) | {"level": "fault"}]}
    findings = [{**asdict(finding), "level": finding.level.value} for finding in report.findings]
    dates = {"not_before": report.not_before.isoformat(), "not_after": report.not_after.isoformat()}
    return {**asdict(report), **dates, "level": report.level.value, "findings": findings}


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _end(text: str, code: int) -> NoReturn:
    click.echo(text, err=True)
    raise SystemExit(code)
