"""What is done about one device beyond the everyday (product 5.1, 5.7, 5.8, 8)."""

from datetime import timedelta

import httpx
import pytest

from gateway.endpoints.pages import POLICY
from gateway.records.authority import MACHINE, Appointment, Authority, Role
from gateway.records.protocol import Exchange
from mdm.device import Device
from mdm.misbehaviour import DEFAULTS, Behaviour, Crossing
from mdm.settings import RecoveryPassword
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN

FLOOD = Crossing(Behaviour.COMMAND_FLOOD, True, DEFAULTS[Behaviour.COMMAND_FLOOD])


async def test_a_recovery_password_takes_a_reason_and_a_proof(
    desk: Desk, browser: httpx.AsyncClient, sitting: Sitting, phone: Device, place: str
) -> None:
    document = {"settings": {"DevicePasswordEnabled": True, "PasswordRecoveryEnabled": True}}
    desk.services.policies.set_policy(ADMIN, "acme", document)
    desk.services.recovery.take(ADMIN, phone.key, RecoveryPassword("Horse-77"))
    unsaid = await browser.post(f"{place}/recovery", data={"reason": ""})
    assert (unsaid.status_code, "Horse-77" in unsaid.text) == (400, False)
    shown = await browser.post(f"{place}/recovery", data={"reason": "she forgot it"})
    assert "Horse-77" in shown.text
    assert "Somebody read a recovery password." in (await browser.get(place)).text
    async with sitting(Authority("olga", "p-olga", MACHINE, confirmed=False)) as client:
        refused = await client.post(f"{place}/recovery", data={"reason": "again"})
        assert (refused.status_code, "Horse-77" in refused.text) == (400, False)


async def test_where_there_is_no_password_the_page_says_so(browser: httpx.AsyncClient, place: str) -> None:
    refused = await browser.post(f"{place}/recovery", data={"reason": "she forgot it"})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text


async def test_a_suspension_is_lifted(
    desk: Desk, browser: httpx.AsyncClient, phone: Device, place: str
) -> None:
    assert f"{place}/release" not in (await browser.get(place)).text
    desk.services.misbehaviour.suspend(phone.key, FLOOD)
    assert f"{place}/release" in (await browser.get(place)).text
    done = await browser.post(f"{place}/release", data={"reason": "mended"})
    assert done.headers["location"] == place
    assert f"{place}/release" not in (await browser.get(place)).text
    assert (await browser.post(f"{place}/release")).status_code == 400


@pytest.mark.parametrize("resolution", ["accept", "forget"])
async def test_a_dispute_is_settled(
    desk: Desk, browser: httpx.AsyncClient, phone: Device, place: str, resolution: str
) -> None:
    desk.services.identities.dispute(phone.key, "it jumped", ADMIN)
    assert "it jumped" in (await browser.get(place)).text
    wrong = await browser.post(f"{place}/identity", data={"resolution": "perhaps"})
    assert wrong.status_code == 400
    done = await browser.post(f"{place}/identity", data={"resolution": resolution, "reason": "seen"})
    gone = resolution == "forget"
    assert done.headers["location"] == ("/console/o/acme/devices" if gone else place)
    assert (await browser.get(place)).status_code == (404 if gone else 200)


async def test_the_protocol_log_is_switched_on_read_and_off(
    desk: Desk, browser: httpx.AsyncClient, phone: Device, place: str
) -> None:
    log = f"{place}/protocol-log"
    assert "Nothing is being recorded." in (await browser.get(log)).text
    assert (await browser.post(log, data={"do": "on", "minutes": "0"})).status_code == 400
    assert (await browser.post(log, data={"do": "on", "minutes": "60"})).headers["location"] == log
    told = {"command": "Sync<b>", "method": "POST", "http_status": 200, "verdict": "served"}
    at = desk.world.clock.now() + timedelta(seconds=1)
    desk.services.protocol_logs.write([Exchange(phone.key, at, told)])
    page = (await browser.get(log)).text
    assert "Stop recording" in page
    assert "Sync&lt;b&gt;" in page
    await browser.post(log, data={"do": "off"})
    assert "Stop recording" not in (await browser.get(log)).text


async def test_the_report_keeps_its_own_policy(desk: Desk, browser: httpx.AsyncClient, place: str) -> None:
    desk.services.checkpoints.round()
    page = await browser.get(f"{place}/report")
    assert page.headers["content-security-policy"] == POLICY
    assert "The trail is sound." in page.text


async def test_nothing_of_it_is_for_who_may_only_look(sitting: Sitting, place: str) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        page = (await client.get(place)).text
        for act in ("recovery", "release", "identity", "protocol-log"):
            assert f"{place}/{act}" not in page
            assert (await client.post(f"{place}/{act}", data={"reason": "x"})).status_code == 403
        assert (await client.get(f"{place}/report")).status_code == 403
