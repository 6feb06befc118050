"""The file of a backup (product 9.3, docs/decisions/0036): a ZIP with a manifest and one member per table.

A ZIP, because its members can be written without knowing their length, and a file that was cut short has no
directory and is seen to be none. The manifest is written last and read first; it names every member with its
SHA-256, and whatever stands in the file without standing there is refused. No member is ever written to a
path that the file names.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, Any, BinaryIO

from gateway.errors import GatewayError, Kind

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_LIMIT = 1024 * 1024
LINE_LIMIT = 64 * 1024 * 1024
"""Octets of a row: an archived device with its story has some hundred KiB."""

CHUNK = 256 * 1024
LEVEL = 3
"""Of deflate: rows of devices become a tenth, at a third of the time of the usual 6."""

KINDS = frozenset({"text", "integer", "boolean", "real", "instant", "json", "bytes"})
"""How a value is to be read again, whichever database it came from."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_WRONG = "This is no backup of Usher, or it is damaged: "


@dataclass(frozen=True, slots=True)
class Content:
    """One member of the file: SHA-256 in hex and length of what is in it, uncompressed."""

    name: str
    sha256: str
    octets: int


@dataclass(frozen=True, slots=True)
class TableContent:
    """One table.

    Attributes:
        columns: name and kind of each value of a row, in their order.
        counter: the last number that was given to a row, 0 where rows are not numbered.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    counter: int
    content: Content


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup.

    Attributes:
        release: version of the Usher that took it. revision: of its schema.
        taken_at: the moment that all of it shows, ISO 8601. database: ``sqlite`` or ``postgresql``.
        files: secrets and configuration, by the name under which they are known here.
    """

    release: str
    revision: str
    taken_at: str
    database: str
    tables: tuple[TableContent, ...] = ()
    files: Mapping[str, Content] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)


class Sink:
    """A member while it is written."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._digest = hashlib.sha256()
        self._octets = 0

    def write(self, data: bytes) -> None:
        """Append ``data``."""
        self._digest.update(data)
        self._octets += len(data)
        self._stream.write(data)

    def content(self) -> Content:
        """What was written."""
        return Content(self._name, self._digest.hexdigest(), self._octets)


class BackupWriter:
    """Writes members one after the other, and the manifest at the end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    @contextmanager
    def member(self, name: str) -> Iterator[Sink]:
        """A member to be written within the block."""
        with self._zip.open(name, "w", force_zip64=True) as stream:
            yield Sink(stream, name)

    def close(self, manifest: Manifest) -> None:
        """Write the manifest and the directory: it is a backup from here on."""
        document = {"format": FORMAT, **asdict(manifest)}
        self._zip.writestr(MANIFEST, json.dumps(document, indent=1))
        self._zip.close()

    def __enter__(self) -> "BackupWriter":
        return self

    def __exit__(self, *_: object) -> None:
        """What was not closed by then is no backup: without this ``zipfile`` would write a directory."""
        self._zip.fp = None


class BackupReader:
    """Reads a backup, whose file stays open: what was verified is what is restored.

    Raises:
        GatewayError: MALFORMED for whatever is no backup; UNSUPPORTED for a newer format.
    """

    def __init__(self, stream: BinaryIO) -> None:
        with _damage_told():
            self._zip = zipfile.ZipFile(stream)
            names = self._zip.namelist()
            self.manifest = _manifest(self._manifest_text(names))
        expected = [MANIFEST, *(content.name for content in self._contents())]
        if sorted(names) != sorted(expected):
            raise _wrong("its members are not those of the manifest.")

    def verify(self, told: Callable[[str], None] = lambda _: None) -> None:
        """Read all of it and compare each digest; ``told`` hears each member's name."""
        for content in self._contents():
            for _ in self._chunks(content):
                pass
            told(content.name)

    def octets(self, content: Content) -> bytes:
        """A whole small member."""
        return b"".join(self._chunks(content))

    def rows(self, table: TableContent) -> Iterator[list[Any]]:
        """Each row of a table; a member that has changed since it was verified ends it with an error."""
        found = 0
        for line in _lines(self._chunks(table.content)):
            row = _parsed(line)
            if not isinstance(row, list) or len(row) != len(table.columns):
                raise _wrong(f"a row of {table.name} has not the columns of its table.")
            found += 1
            yield row
        if found != table.rows:
            raise _wrong(f"{table.name} has {found} rows and not {table.rows}.")

    def _contents(self) -> Iterator[Content]:
        yield from (table.content for table in self.manifest.tables)
        yield from self.manifest.files.values()

    def _manifest_text(self, names: list[str]) -> bytes:
        if names.count(MANIFEST) != 1 or self._zip.getinfo(MANIFEST).file_size > MANIFEST_LIMIT:
            raise _wrong("there is no manifest in it.")
        return self._zip.read(MANIFEST)

    def _chunks(self, content: Content) -> Iterator[bytes]:
        digest, octets = hashlib.sha256(), 0
        with _damage_told(), self._zip.open(content.name) as stream:
            while octets <= content.octets and (chunk := stream.read(CHUNK)):
                digest.update(chunk)
                octets += len(chunk)
                yield chunk
        if (octets, digest.hexdigest()) != (content.octets, content.sha256):
            raise _wrong(f"{content.name} is not what was written.")


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    # RuntimeError is what zipfile says of members that are encrypted or packed in another way.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise _wrong("it cannot be read to its end.") from error


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > LINE_LIMIT:
            raise _wrong("a row is longer than any.")
    if rest:
        raise _wrong("its last row is cut off.")


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong("what should be JSON is none.") from error


def _manifest(text: bytes) -> Manifest:
    document = _parsed(text)
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise _wrong("its manifest is none.")
    if document["format"] > FORMAT:
        raise GatewayError(Kind.UNSUPPORTED, "A newer release wrote this backup in a newer format.")
    try:
        return Manifest(
            release=str(document["release"]),
            revision=str(document["revision"]),
            taken_at=str(document["taken_at"]),
            database=str(document["database"]),
            tables=tuple(_table(each) for each in document["tables"]),
            files={str(name): _content(each) for name, each in document["files"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong("its manifest is none.") from error


def _table(document: Mapping[str, Any]) -> TableContent:
    columns = tuple((str(name), str(kind)) for name, kind in document["columns"])
    name = str(document["name"])
    if not all(_NAME.fullmatch(each) for each in (name, *(column for column, _ in columns))):
        raise ValueError(name)
    if not columns or any(kind not in KINDS for _, kind in columns):
        raise ValueError(name)
    return TableContent(
        name, columns, int(document["rows"]), int(document["counter"]), _content(document["content"])
    )


def _content(document: Mapping[str, Any]) -> Content:
    return Content(str(document["name"]), str(document["sha256"]), int(document["octets"]))


def _wrong(why: str) -> GatewayError:
    return GatewayError(Kind.MALFORMED, _WRONG + why)
