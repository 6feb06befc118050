"""The emergency brake in the console (product 5.5)."""

import httpx

from gateway.records.authority import Appointment, Authority, Role
from gateway.services.wipe_guards import Wanted
from mdm.device import WipeKind
from mdm.orders import Progress
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN

HERE, EVERYWHERE = "/console/o/acme/stop-wipes", "/console/stop-wipes"


def ordered(desk: Desk, alias: str) -> str:
    device = desk.phone(f"ann@{alias}.example", f"{alias}1".upper())
    return desk.services.wipes.request(ADMIN, device.key, Wanted(WipeKind.ACCOUNT, "lost", "")).id


def progress(desk: Desk, alias: str, order: str) -> Progress:
    return desk.services.wipes.get(alias, order).progress


async def test_the_brake_stops_one_organisation_and_says_what_it_did(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    here, elsewhere = ordered(desk, "acme"), ordered(desk, "globex")
    assert HERE in (await browser.get("/console/o/acme/wipes")).text
    assert "cannot be taken back" in (await browser.get(HERE)).text
    assert progress(desk, "acme", here) is Progress.QUEUED
    done = await browser.post(HERE, data={"reason": "wrong list"})
    assert "<dd>1</dd>" in done.text
    assert (progress(desk, "acme", here), progress(desk, "globex", elsewhere)) == (
        Progress.CANCELLED,
        Progress.QUEUED,
    )
    assert "wrong list" in str(desk.services.safeguards.get("acme").frozen)


async def test_one_form_stops_them_all(desk: Desk, browser: httpx.AsyncClient) -> None:
    orders = {alias: ordered(desk, alias) for alias in ("acme", "globex")}
    done = await browser.post(EVERYWHERE, data={"reason": "what is going on"})
    assert ("Acme" in done.text, "Globex" in done.text) == (True, True)
    assert {progress(desk, alias, order) for alias, order in orders.items()} == {Progress.CANCELLED}


async def test_who_may_stop_one_organisation_stops_no_other(desk: Desk, sitting: Sitting) -> None:
    home = desk.services.tenants.organisation("acme").id
    operator = Authority("otto", "p-otto", (Appointment(Role.OPERATOR, home),))
    order = ordered(desk, "globex")
    async with sitting(operator) as browser:
        assert (await browser.post("/console/o/globex/stop-wipes", data={"csrf": ""})).status_code in (
            403,
            404,
        )
        assert (await browser.post(EVERYWHERE, data={"csrf": ""})).status_code == 403
        assert (await browser.get(HERE)).status_code == 200
    assert progress(desk, "globex", order) is Progress.QUEUED
