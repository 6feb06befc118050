"""Many devices at once (product 5.5, 7.2): chosen, said once more, done one by one."""

import httpx
import pytest

from gateway.endpoints.console.bulk import ACTS
from gateway.endpoints.console.wording import languages
from gateway.records.authority import MACHINE, Appointment, Authority, Role
from gateway.services.safeguards import SafeguardChanges
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN, PASSWORD

LIST = "/console/o/acme/devices"
BULK = f"{LIST}/bulk"


@pytest.fixture
def chosen(desk: Desk) -> list[str]:
    desk.services.safeguards.change(
        ADMIN, "acme", SafeguardChanges(wipes_per_day_percent=100, wipes_per_hour=50), may_loosen=True
    )
    keys = [desk.phone("ann@acme.example", name).key for name in ("PHONE1", "PHONE2")]
    return [f"{key.user}/{key.device_id}" for key in keys]


def states(desk: Desk) -> list[str]:
    found = desk.services.devices.list(desk.services.tenants.organisation("acme").id)
    return sorted(each.state.value for each in found)


async def test_the_list_offers_boxes_and_acts(browser: httpx.AsyncClient, chosen: list[str]) -> None:
    page = (await browser.get(LIST)).text
    assert all(f'value="{each}"' in page for each in chosen)
    assert all(f'<option value="{name}">' in page for name in ACTS)


async def test_it_says_what_it_would_do_and_then_does_it(
    desk: Desk, browser: httpx.AsyncClient, chosen: list[str]
) -> None:
    asked = await browser.post(BULK, data={"device": chosen, "act": "provision"})
    assert "2 devices" in asked.text
    assert states(desk) == ["Provisioning Succeeded"] * 2
    done = await browser.post(BULK, data={"device": chosen, "act": "provision", "sure": "yes"})
    assert "2 done, 0 refused." in done.text
    assert states(desk) == ["Provisioning Required"] * 2


async def test_each_device_tells_what_became_of_it(browser: httpx.AsyncClient, chosen: list[str]) -> None:
    gone = chosen[0].replace("PHONE1", "NEVER")
    data = {"device": [chosen[0], gone], "act": "block", "sure": "yes", "reason": "lent away"}
    done = await browser.post(BULK, data=data)
    assert "1 done, 1 refused." in done.text
    assert "NEVER" in done.text


async def test_an_account_wipe_takes_a_proof(
    desk: Desk, sitting: Sitting, browser: httpx.AsyncClient, chosen: list[str]
) -> None:
    data = {"device": chosen, "act": "wipe", "sure": "yes", "reason": "lost", "proof": PASSWORD}
    async with sitting(Authority("olga", "p-olga", MACHINE, confirmed=False)) as client:
        refused = await client.post(BULK, data=data)
        assert refused.status_code == 400
        assert 'name="proof"' in refused.text
    assert states(desk) == ["Provisioning Succeeded"] * 2
    assert "2 done, 0 refused." in (await browser.post(BULK, data=data)).text
    assert states(desk) == ["Wipe Required"] * 2
    assert "2 done" in (await browser.post(BULK, data={**data, "act": "cancel"})).text
    assert "2 done" in (await browser.post(BULK, data={**data, "act": "remove"})).text
    assert states(desk) == []


async def test_nothing_chosen_is_said(browser: httpx.AsyncClient, chosen: list[str]) -> None:
    for data in ({"act": "wipe"}, {"device": chosen, "act": "explode"}):
        refused = await browser.post(BULK, data=data)
        assert refused.status_code == 400
        assert 'role="alert"' in refused.text


async def test_who_may_only_look_is_offered_nothing(sitting: Sitting, chosen: list[str]) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        assert 'name="device"' not in (await client.get(LIST)).text
        assert (await client.post(BULK, data={"device": chosen, "act": "block"})).status_code == 403


def test_every_act_has_its_words_in_the_second_language() -> None:
    assert [each.label for each in ACTS.values() if each.label not in languages()["de"].texts] == []
