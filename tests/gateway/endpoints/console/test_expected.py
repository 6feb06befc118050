"""Devices that are decided about before they come (product 6.2)."""

import httpx
import pytest

from mdm.device import AccessLevel
from tests.support.desk import Desk

EXPECTED = "/console/o/acme/expected"
NEW = {"user": "ann@acme.example", "device_id": "NEWPHONE", "level": "allow", "reason": "first day"}


async def test_a_device_is_expected_until_it_is_forgotten(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert "No device is expected." in (await browser.get(EXPECTED)).text
    assert (await browser.post(EXPECTED, data=NEW | {"until": "2099-01-31"})).headers["location"] == EXPECTED
    (known,) = desk.services.overrides.expected("acme")
    assert (known.level, known.reason) == (AccessLevel.ALLOW, "first day")
    assert str(known.until) == "2099-01-31 23:59:59+00:00"
    page = (await browser.get(EXPECTED)).text
    assert ("NEWPHONE" in page, "ann@acme.example" in page) == (True, True)
    forgotten = {"user": known.key.user, "device_id": "NEWPHONE"}
    assert (await browser.post(f"{EXPECTED}/forget", data=forgotten)).is_redirect
    assert desk.services.overrides.expected("acme") == []


@pytest.mark.parametrize(
    "wrong",
    [{"user": "nobody@acme.example"}, {"until": "tomorrow"}, {"until": "2020-01-01"}, {"level": "perhaps"}],
)
async def test_what_was_typed_is_shown_again_with_what_is_wrong(
    desk: Desk, browser: httpx.AsyncClient, wrong: dict[str, str]
) -> None:
    refused = await browser.post(EXPECTED, data=NEW | wrong)
    assert refused.status_code == 400
    assert 'value="first day"' in refused.text
    assert 'role="alert"' in refused.text
    assert desk.services.overrides.expected("acme") == []
