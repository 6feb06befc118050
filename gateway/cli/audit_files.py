"""``usher audit archive`` and ``verify-file``: the trail in files (product 8, T26).

An archive can be verified anywhere: what it takes is the file, the public key, and no gateway.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from certs.errors import CertificateError
from certs.signing import Trusted
from gateway.cli.local import FAILED, USAGE, Work, end, on_store
from gateway.cli.moments import read_time
from gateway.cli.private_files import new_file
from gateway.cli.tables import cell, json_line, visible
from gateway.endpoints.api.audit import seal_view
from gateway.services.audit_files import FileInspection, FileReport, checkpoints_of

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class ArchiveFile:
    """``services.audit_archiving.Paper``: a new file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name

    def write(self, lines: Iterable[str]) -> None:
        """Write them all; OSError as it comes, for a file that is there already above all."""
        with new_file(self._path) as file:
            for line in lines:
                file.write(f"{line}\n".encode())

    def read(self) -> Iterator[str]:
        """Line by line."""
        with self._path.open(encoding="utf-8") as file:
            yield from file


@click.command()
@click.option("--before", required=True, help="Older than that, such as 2030-01-31T12:00:00Z.")
@click.option("--to", "to", type=click.Path(path_type=Path), required=True, help="A new file.")
@on_store
def archive(work: Work, before: str, to: Path) -> None:
    """Move old records to a signed file; they leave the database when it was read back."""
    moment = read_time(before)
    if moment is not None:
        mark = work.services.audit_archiving.archive(work.actor, moment, ArchiveFile(to))
        told = f"archived {mark.count} records up to {mark.sequence} in {visible(str(to))}"
        work.show(seal_view(mark), lambda: told)


@click.command("verify-file")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--key", "keys", type=_FILE, required=True, help="Public keys in PEM: usher audit key.")
@click.option("--checkpoints", type=_FILE, help="File or log with checkpoints.")
@click.option("--json", "as_json", is_flag=True, help="Answer for programs.")
def verify_file(path: Path, keys: Path, checkpoints: Path | None, as_json: bool) -> None:
    """Verify an archive or an export by itself, without a gateway."""
    try:
        trusted = Trusted(keys.read_bytes())
    except CertificateError as error:
        end(f"{keys}: {error}", USAGE)
    kept = checkpoints_of(_lines(checkpoints)) if checkpoints else []
    report = FileInspection(trusted, kept).report(_lines(path))
    click.echo(json_line(_document(report)) if as_json else _told(report))
    if not report.sound:
        end("the file is not sound", FAILED)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from file


def _document(report: FileReport) -> dict[str, object]:
    return {
        "sound": report.sound,
        "count": report.count,
        "first": report.first,
        "last": report.last,
        "export": report.exported,
        "signed_up_to": report.sealed,
        "findings": [
            {"fault": each.fault.value, "first": each.first, "last": each.last, "words": each.words}
            for each in report.findings
        ],
    }


def _told(report: FileReport) -> str:
    what = "export" if report.exported else "archive"
    lines = [f"{what} of records {report.first} to {report.last}: {report.count} verified"]
    if report.end is not None:
        lines.append(f"signed at {cell(report.end.at)} with {visible(report.end.key)}")
    elif report.sealed:
        lines.append(f"a checkpoint covers the records up to {report.sealed}")
    else:
        lines.append("no signature covers it: it agrees with itself, and with nothing else")
    lines += [each.words for each in report.findings]
    return "\n".join(lines)
