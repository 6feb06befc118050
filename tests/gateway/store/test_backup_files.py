"""The file of a backup: what is whole is read, and nothing else."""

import io
import json
import zipfile
from typing import Any

import pytest

from gateway.errors import GatewayError, Kind
from gateway.store.backup_files import (
    FORMAT,
    MANIFEST,
    BackupReader,
    BackupWriter,
    Manifest,
    TableContent,
)

COLUMNS = (("id", "integer"), ("name", "text"))
ROWS = [[1, "ann"], [2, "bob\nwith a \x00 and ü"], [3, None]]


def written(rows: list[list[Any]] = ROWS) -> bytes:
    file = io.BytesIO()
    with BackupWriter(file) as out:
        with out.member("tables/people.jsonl") as sink:
            for row in rows:
                sink.write(json.dumps(row).encode() + b"\n")
        with out.member("files/key") as key:
            key.write(b"secret")
        table = TableContent("people", COLUMNS, len(rows), 7, sink.content())
        out.close(Manifest("1.0", "0014", "now", "sqlite", (table,), {"key": key.content()}))
    return file.getvalue()


def read(data: bytes) -> BackupReader:
    return BackupReader(io.BytesIO(data))


def altered(data: bytes, name: str, content: bytes | None) -> bytes:
    """The same file with another member ``name``, or without it."""
    before, file = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(file, "w") as after:
        for each in before.namelist():
            if each != name:
                after.writestr(each, before.read(each))
        if content is not None:
            after.writestr(name, content)
    return file.getvalue()


def remade(data: bytes, **changed: object) -> bytes:
    document = json.loads(zipfile.ZipFile(io.BytesIO(data)).read(MANIFEST))
    return altered(data, MANIFEST, json.dumps(document | changed).encode())


def fault(data: bytes) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        reader = read(data)
        reader.verify()
        for table in reader.manifest.tables:
            list(reader.rows(table))
    return refused.value


def test_what_was_written_is_read() -> None:
    reader = read(written())
    heard: list[str] = []
    reader.verify(heard.append)
    (table,) = reader.manifest.tables
    assert list(reader.rows(table)) == ROWS
    assert (table.columns, table.counter, reader.manifest.rows) == (COLUMNS, 7, 3)
    assert reader.octets(reader.manifest.files["key"]) == b"secret"
    assert heard == ["tables/people.jsonl", "files/key"]


def test_a_long_table_is_read_in_pieces() -> None:
    rows: list[list[Any]] = [[number, "x" * 200] for number in range(5000)]
    reader = read(written(rows))
    assert list(reader.rows(reader.manifest.tables[0])) == rows


@pytest.mark.parametrize("kept", [0, 10, 100, -1])
def test_a_file_that_was_cut_is_none(kept: int) -> None:
    assert fault(written()[:kept]).kind is Kind.MALFORMED


def test_no_octet_can_be_altered_unseen() -> None:
    data = written()
    for place in range(0, len(data), 7):
        spoilt = bytearray(data)
        spoilt[place] ^= 0x20
        try:
            reader = read(bytes(spoilt))
            reader.verify()
        except GatewayError:
            continue
        # What nobody reads (a time, an attribute of a member) may differ; what is read may not.
        assert list(reader.rows(reader.manifest.tables[0])) == ROWS


def test_a_member_more_a_member_less_and_another_in_its_place() -> None:
    data = written()
    assert "members" in fault(altered(data, "tables/more.jsonl", b"")).public
    assert "members" in fault(altered(data, "files/key", None)).public
    assert "not what was written" in fault(altered(data, "files/key", b"Secret")).public
    assert "not what was written" in fault(altered(data, "files/key", b"secret" * 100)).public
    assert "no manifest" in fault(altered(data, MANIFEST, None)).public


def test_a_newer_format_is_said() -> None:
    assert fault(remade(written(), format=FORMAT + 1)).kind is Kind.UNSUPPORTED


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "1"},
        {"tables": [{"name": "people"}]},
        {"tables": None},
        {"files": []},
    ],
    ids=["format", "short table", "no tables", "files"],
)
def test_a_manifest_that_is_none(changed: dict[str, object]) -> None:
    assert fault(remade(written(), **changed)).kind is Kind.MALFORMED


@pytest.mark.parametrize("name", ["People", 'a"; DROP TABLE users; --', "", "x" * 64])
def test_names_are_names(name: str) -> None:
    table = {
        "name": name,
        "columns": [["id", "integer"]],
        "rows": 0,
        "counter": 0,
        "content": {"name": "tables/people.jsonl", "sha256": "", "octets": 0},
    }
    assert fault(remade(written(), tables=[table])).kind is Kind.MALFORMED


def test_rows_of_another_shape_are_refused() -> None:
    assert "columns" in fault(written([[1, "ann", 3]])).public
    assert "columns" in fault(written([[1]])).public


def test_a_count_that_is_not_right() -> None:
    document = json.loads(zipfile.ZipFile(io.BytesIO(written())).read(MANIFEST))
    document["tables"][0]["rows"] = 2
    assert "3 rows and not 2" in fault(remade(written(), tables=document["tables"])).public


def test_what_was_given_up_is_no_backup() -> None:
    file = io.BytesIO()
    with pytest.raises(RuntimeError), BackupWriter(file) as out, out.member("tables/people.jsonl") as sink:
        sink.write(b"[1]\n")
        raise RuntimeError("the disk is full")
    assert fault(file.getvalue()).kind is Kind.MALFORMED
