"""Faults at the ActiveSync URL."""

import pytest

from gateway.doctor.examination_activesync import examine
from gateway.doctor.observations import (
    ActiveSync,
    DeviceEnd,
    DeviceReport,
    DeviceStep,
    Hop,
    Place,
    Storage,
    Trouble,
)
from tests.gateway.doctor.scenes import BASIC, observed, page, silence

URL = "https://mail.acme.example/Microsoft-Server-ActiveSync"
CHALLENGE = page(401, Place.ACTIVESYNC, headers=BASIC)
GOOD = page(200, Place.ACTIVESYNC, headers={"ms-asprotocolversions": "14.1,16.1"})


def found(service: ActiveSync) -> list[str]:
    return [finding.code for finding in examine(observed(activesync=service))]


@pytest.mark.parametrize(
    ("anonymous", "options", "expected"),
    [
        (CHALLENGE, None, []),
        (CHALLENGE, GOOD, []),
        (silence(Trouble.EXPIRED), None, ["eas.unreachable"]),
        (page(200), None, ["eas.no_challenge"]),
        (page(404), None, ["eas.no_challenge"]),
        (page(502), None, ["eas.down"]),
        (CHALLENGE, page(503), ["eas.down"]),
        (CHALLENGE, page(401), ["eas.denied"]),
        (CHALLENGE, page(403), ["eas.blocked"]),
        (CHALLENGE, page(200), ["eas.options"]),
        (CHALLENGE, page(500), ["eas.options"]),
    ],
)
def test_options(anonymous: Hop, options: Hop | None, expected: list[str]) -> None:
    assert found(ActiveSync(URL, True, anonymous, options)) == expected


def test_a_guessed_address_is_no_fault_when_nothing_is_there() -> None:
    assert found(ActiveSync(URL, False, page(404))) == []
    assert found(ActiveSync(URL, False, silence(Trouble.REFUSED))) == []
    assert found(ActiveSync()) == []


def test_storage() -> None:
    stored = ActiveSync(URL, True, CHALLENGE, GOOD, Storage.STORES, Storage.STORES)
    assert found(stored) == ["proxy.stores_requests", "proxy.stores_responses"]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (DeviceEnd.BLOCKED, "eas.blocked"),
        (DeviceEnd.QUARANTINED, "eas.quarantined"),
        (DeviceEnd.WIPED, "eas.wiped"),
        (DeviceEnd.DOWN, "eas.down"),
        (DeviceEnd.DENIED, "eas.denied"),
        (DeviceEnd.CUT, "proxy.cuts_poll"),
        (DeviceEnd.REFUSED, "eas.refused"),
        (DeviceEnd.UNREACHABLE, "eas.unreachable"),
    ],
)
def test_every_end_of_the_device_has_its_code(end: DeviceEnd, code: str) -> None:
    report = DeviceReport(DeviceStep.FOLDER_SYNC, end, "Status 1")
    (finding,) = examine(observed(activesync=ActiveSync(URL, True, CHALLENGE, GOOD, device=(report,))))
    assert (finding.code, finding.fact) == (code, f"{URL}: FolderSync: Status 1")
