"""What leaves the gateway as a file stays what it is, whatever people and devices have written (T22, T23).

Each export is read back by what usually reads it, and held against what was written: the table of devices as
spreadsheets of several languages split it, the trail line by line, the printable report as a page, the file
of a declared state as it is applied again, and the report of an import.
"""

import csv
import json
import re
import tomllib
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from certs.signing import Trusted
from gateway.cli import main
from gateway.cli.import_reports import Outcome, Report
from gateway.endpoints.console.gate import COOKIE
from gateway.endpoints.people_tables import Line
from gateway.endpoints.spreadsheets import COLUMNS
from gateway.errors import GatewayError
from gateway.records.texts import visible
from gateway.services.audit_files import FileInspection
from gateway.services.tenants import Settings
from mdm.device import AccessLevel, Device, DeviceInformation
from tests.support.accounts import arrived
from tests.support.desk import Desk, browser
from tests.support.hostile_texts import HOSTILE
from tests.support.world import ADMIN

REPORTED = ("model", "friendly_name", "os", "os_language", "operator", "user_agent")
SEPARATORS = (",", ";", "\t")
"""By which spreadsheets split a table, after the language of who opens it."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
LIST = "/console/o/acme/devices"


@pytest.fixture
def written(desk: Desk) -> list[Device]:
    """A phone for every text, which says it wherever it may say something."""
    made = desk.services
    made.tenants.create_organisation(ADMIN, "acme", Settings())
    made.tenants.add_domain(ADMIN, "acme", "acme.example")
    made.users.create(ADMIN, "acme", "ann@acme.example", password="Quiet-Horse-9")
    pattern = desk.phone("ann@acme.example")
    found = [_saying(pattern, number, text) for number, text in enumerate(HOSTILE)]
    with made.store.write() as transaction:
        for each in found:
            transaction.devices.add(each)
    for device, text in zip(found, HOSTILE, strict=True):
        made.devices.set_access(ADMIN, device.key, AccessLevel.BLOCK, _reason(text))
    return found


def _saying(pattern: Device, number: int, text: str) -> Device:
    said = DeviceInformation(model=text, os=text, friendly_name=text, os_language=text, mobile_operator=text)
    key = replace(pattern.key, device_id=f"EVIL{number:02}")
    return replace(pattern, key=key, user_agent=text, information=said)


def _reason(text: str) -> str:
    """What may be given as a reason: the service refuses what does not print."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(desk.config) as client:
        yield client


def cells(table: str) -> dict[str, dict[str, str]]:
    """DeviceId to what stands in its row."""
    return {row["device_id"]: row for row in csv.DictReader(StringIO(table, newline=""), strict=True)}


def holds(cell: str, text: str) -> bool:
    """Whether a cell is the text, but for apostrophes before what would be a formula."""
    return cell == visible(text) or cell.replace("'", "") == visible(text).replace("'", "")


def formulas(table: str) -> list[str]:
    """Cells that some spreadsheet would calculate."""
    return [
        cell
        for separator in SEPARATORS
        for row in csv.reader(StringIO(table, newline=""), delimiter=separator)
        for cell in row
        if unicodedata.normalize("NFKC", cell).lstrip(" \"'")[:1] in FORMULA and not cell.startswith("'")
    ]


async def test_the_table_of_devices(desk: Desk, client: httpx.AsyncClient, written: list[Device]) -> None:
    olga = await arrived(client, desk, "olga")
    for sort in ("device_id", "-model"):
        answer = await client.get(
            f"{LIST}.csv",
            params={"device_id": "EVIL", "sort": sort},
            headers={"Cookie": f"{COOKIE}={olga.secret}"},
        )
        rows = cells(answer.text)
        assert len(rows) == len(HOSTILE)
        assert formulas(answer.text) == []
        for device, text in zip(written, HOSTILE, strict=True):
            row = rows[device.key.device_id]
            assert row.keys() == COLUMNS.keys()
            assert [name for name in REPORTED if not holds(row[name], text)] == [], text
            assert holds(row["access_reason"], _reason(text))


def test_the_command_writes_the_same_table(
    desk: Desk, written: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = _usher(desk, monkeypatch, "device", "list", "--csv", "--device-id", "EVIL")
    assert formulas(table) == []
    rows = cells(table)
    assert all(
        holds(rows[device.key.device_id]["friendly_name"], text)
        for device, text in zip(written, HOSTILE, strict=True)
    )


def test_the_search_for_formulas_finds_some() -> None:
    assert formulas("a,=1+1\n") == ["=1+1"]
    assert formulas("a,b;＝1\n") == ["＝1"]
    assert formulas("a,b\t@x\n") == ["@x"]
    assert formulas("a,'=1\n") == []


async def test_the_trail(desk: Desk, client: httpx.AsyncClient, written: list[Device]) -> None:
    desk.services.checkpoints.round()
    lines = (await client.get("/api/v1/audit/export")).text.splitlines()
    assert all(line.isascii() and line.isprintable() for line in lines)
    documents = [json.loads(line) for line in lines]
    blocked = [each for each in documents if each["eventName"] == "PutMobileDeviceAccessOverride"]
    assert [each["requestParameters"]["reason"] for each in blocked] == list(map(_reason, HOSTILE))
    key = (await client.get("/api/v1/audit/key")).json()["public"].encode()
    assert FileInspection(Trusted(key)).report(lines).sound


class _Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(page: str) -> _Page:
    found = _Page()
    found.feed(page)
    return found


async def test_the_printable_report(desk: Desk, client: httpx.AsyncClient, written: list[Device]) -> None:
    home = f"/api/v1/organisations/acme/devices/{written[0].key.user}"
    plain = _read((await client.get(f"{home}/PHONE1/report")).text)
    known = plain.tags | {"mark"}  # what does not print stands in one
    for device, text in zip(written, HOSTILE, strict=True):
        page = _read((await client.get(f"{home}/{device.key.device_id}/report")).text)
        assert (page.tags - known, page.attributes - plain.attributes) == (set(), set()), text
        assert re.sub(r"\s", "", visible(text)) in re.sub(r"\s", "", page.text)


def test_the_declared_state(
    desk: Desk, written: list[Device], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = []
    for text in HOSTILE:
        try:
            kept.append(desk.services.groups.create(ADMIN, "acme", text).name)
        except GatewayError as refused:
            assert refused.faults, text
    assert len(kept) > 50
    exported = _usher(desk, monkeypatch, "export", "acme", "--groups")
    assert set(tomllib.loads(exported)["organisations"]["acme"]["groups"]) == set(kept)
    file = tmp_path / "acme.toml"
    file.write_text(exported)
    assert _usher(desk, monkeypatch, "drift", str(file)) == "everything is as it is described\n"


def test_the_report_of_an_import(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    with Report(path) as report:
        for number, text in enumerate(HOSTILE):
            report.add(Line(number, {"address": text}), Outcome.REFUSED, text)
    table = path.read_text(encoding="utf-8")
    assert formulas(table) == []
    for row, text in zip(csv.DictReader(StringIO(table, newline=""), strict=True), HOSTILE, strict=True):
        assert holds(row["address"], text)
        assert holds(row["reason"], text)


def _usher(desk: Desk, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setenv("USHER_CONFIG", str(desk.path))
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout
