"""``usher backup`` and ``usher restore`` (product 9.3): the whole gateway in one file, and back.

They work on the database of this machine's configuration and not through the REST API: a backup is for
whoever runs the machine, and a restore must work where nothing else does. Exit codes: ``gateway.cli.local``.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from gateway import app
from gateway.chance import SystemClock
from gateway.cli.backup_file import becoming, digest_of, put_secret
from gateway.cli.local import VARIABLE, config_of, failures_told, os_actor
from gateway.cli.tables import json_line, listing
from gateway.config import Config
from gateway.errors import GatewayError, Kind
from gateway.services.backups import note_backup, restored
from gateway.store import open_store
from gateway.store.backup import add_files, check_schema, dump
from gateway.store.backup_files import BackupReader, BackupWriter, Manifest
from gateway.store.restoring import restore as put_back
from gateway.store.restoring import suits

CONFIGURATION = "usher.toml"
KEYS_WARNING = (
    "THIS FILE HOLDS THE KEYS OF THE GATEWAY: who has it can sign in as administrator, open every recovery "
    "password and forge the audit trail. Keep it encrypted, and apart from the gateway."
)
NO_KEYS = (
    "Without keys: recovery passwords in it can be opened only where the sealing key is, and the audit "
    "trail is signed with a new key after a restore elsewhere. Keep the key files apart, or use --with-keys."
)

_FILE = click.Path(dir_okay=False, path_type=Path)
_config = click.option(
    "--config", "path", envvar=VARIABLE, type=_FILE, help=f"TOML file; without it ${VARIABLE}."
)
_json = click.option("--json", "as_json", is_flag=True, help="Answer for programs.")


class _WithDefault(click.Group):
    """``usher backup FILE`` is ``usher backup create FILE``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in where none is named."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["create", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_WithDefault)
def backup() -> None:
    """Take a backup of everything while the gateway runs, or check one.

    `usher backup FILE` is short for `usher backup create FILE`.
    """


@backup.command()
@click.argument("file", type=_FILE)
@click.option("--with-keys", is_flag=True, help="Secrets as well: sealing key, audit key, admin token.")
@click.option("--with-config", is_flag=True, help="The configuration file as well.")
@click.option("--overwrite", is_flag=True, help="Replace FILE.")
@_config
@_json
def create(
    file: Path, with_keys: bool, with_config: bool, overwrite: bool, path: Path | None, as_json: bool
) -> None:
    """Write every table to FILE, as all of them were at one moment."""
    with failures_told():
        config = config_of(path)
        taken = _files(config, path, keys=with_keys, configuration=with_config)
        with becoming(file, overwrite=overwrite) as stream, BackupWriter(stream) as out:
            manifest = _written(config, file, out, taken)
        _tell({"file": str(file), **_summary(manifest), "sha256": digest_of(file)}, as_json=as_json)
        click.echo(f"usher: {KEYS_WARNING if with_keys else NO_KEYS}", err=True)


def _written(config: Config, file: Path, out: BackupWriter, taken: Mapping[str, bytes]) -> Manifest:
    url, clock = app.database_url(config), SystemClock()
    check_schema(url)
    store = open_store(url)
    try:
        note_backup(store, clock, os_actor(), str(file.absolute()), sorted(taken))
    finally:
        store.close()
    tables = dump(url, version("usher-gateway"), clock.now(), out)
    manifest = replace(tables, files=add_files(out, taken))
    out.close(manifest)
    return manifest


@backup.command()
@click.argument("file", type=_FILE)
@_json
def verify(file: Path, as_json: bool) -> None:
    """Read all of FILE and compare every digest; nothing is changed."""
    with failures_told(), file.open("rb") as stream:
        reader = BackupReader(stream)
        reader.verify()
        for table in reader.manifest.tables:
            for _ in reader.rows(table):
                pass
        suits(reader.manifest)
        rows = {table.name: table.rows for table in reader.manifest.tables}
        _tell(
            {"file": str(file), **_summary(reader.manifest), "sha256": digest_of(file), "tables": rows},
            as_json=as_json,
        )


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", "replacing", is_flag=True, help="What is in the database now may be lost.")
@click.option("--with-keys", is_flag=True, help="Put the keys of FILE where the configuration has them.")
@click.option("--reason", default="", help="Why; the audit trail keeps it.")
@_config
@_json
def restore(
    file: Path, replacing: bool, with_keys: bool, reason: str, path: Path | None, as_json: bool
) -> None:
    """Put FILE into the database of the configuration, all of it or nothing; gateways may run meanwhile."""
    with failures_told(), file.open("rb") as stream:
        config = config_of(path)
        reader = BackupReader(stream)
        reader.verify()
        keys = _keys_in(reader, config, replacing=replacing) if with_keys else {}
        manifest = reader.manifest
        record = restored(
            SystemClock(),
            os_actor(),
            str(file.absolute()),
            taken_at=manifest.taken_at,
            release=manifest.release,
            rows=manifest.rows,
            reason=reason,
        )
        put_back(app.database_url(config), reader, record, replacing=replacing)
        for place, data in keys.items():
            put_secret(place, data)
        _tell({**_summary(manifest), "keys": [str(place) for place in keys]}, as_json=as_json)
        _warn(manifest, bool(keys))


def _warn(manifest: Manifest, keys: bool) -> None:
    click.echo(
        f"usher: whatever was done after {manifest.taken_at} is not in it: orders to wipe, passwords, "
        "revoked tokens. Do it again.",
        err=True,
    )
    click.echo(
        "usher: wipes that were taken back after it are open again, and a device obeys as soon as it comes: "
        "look at usher wipe list.",
        err=True,
    )
    if keys:
        click.echo("usher: gateways that run must be restarted to read the keys.", err=True)


def key_files(config: Config) -> Mapping[str, Path]:
    """The secrets that belong to a database, by the names that they have in a backup."""
    return {
        "sealing.key": config.sealing_key_file,
        "audit.key": config.audit_key_file,
        "admin.token": config.token_file,
    }


def _files(config: Config, path: Path | None, *, keys: bool, configuration: bool) -> Mapping[str, bytes]:
    found = {name: place.read_bytes() for name, place in key_files(config).items() if place.exists()}
    if keys and not found:
        raise GatewayError(Kind.NOT_FOUND, "There is no key file where the configuration says.")
    taken = found if keys else {}
    if not configuration:
        return taken
    if path is None:
        raise GatewayError(Kind.MALFORMED, "--with-config needs --config FILE.")
    return taken | {CONFIGURATION: path.read_bytes()}


def _keys_in(reader: BackupReader, config: Config, *, replacing: bool) -> Mapping[Path, bytes]:
    places = key_files(config)
    found = {
        places[name]: reader.octets(content)
        for name, content in reader.manifest.files.items()
        if name in places
    }
    if not found:
        raise GatewayError(Kind.NOT_FOUND, "The backup was taken without keys.")
    for place, data in found.items():
        if not replacing and place.exists() and place.read_bytes() != data:
            raise GatewayError(Kind.CONFLICT, f"{place} holds another key: it would be replaced.")
    return found


def _summary(manifest: Manifest) -> dict[str, Any]:
    return {
        "taken_at": manifest.taken_at,
        "release": manifest.release,
        "schema": manifest.revision,
        "database": manifest.database,
        "rows": manifest.rows,
        "files": sorted(manifest.files),
    }


def _tell(values: Mapping[str, Any], *, as_json: bool) -> None:
    shown = {name: value for name, value in values.items() if name != "tables"}
    click.echo(json_line(values) if as_json else listing(shown))
