"""Numbers over time over REST (product 7.2; T25)."""

import httpx
import pytest

from gateway.records.authority import Appointment, Role
from tests.gateway.endpoints.api.conftest import ACME
from tests.support.accounts import arrived
from tests.support.desk import Desk

TRAFFIC = "/api/v1/figures/traffic"
DAYS = f"{ACME}/figures/devices"
COUNTED = {"parked": 3, "activesync": 10, "activesync_errors": 1, "autodiscover": 2, "autodiscover_errors": 0}


async def test_what_the_gateway_did(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.services.history.keep("one", COUNTED)
    (told,) = (await client.get(TRAFFIC)).json()["items"]
    assert {name: told[name] for name in COUNTED} == COUNTED
    assert told["span_s"] == 300


async def test_how_many_devices_there_were(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    desk.services.history.count_devices()
    (told,) = (await client.get(DAYS, params={"days": 2})).json()["items"]
    assert (told["total"], told["compliant"], told["states"]) == (1, 1, {"Provisioning Succeeded": 1})


@pytest.mark.parametrize(("path", "name"), [(TRAFFIC, "hours"), (DAYS, "days")])
@pytest.mark.parametrize("value", ["0", "1000000", "all"])
async def test_nobody_asks_for_ever(client: httpx.AsyncClient, path: str, name: str, value: str) -> None:
    assert (await client.get(path, params={name: value})).status_code == 400


async def test_who_has_one_organisation_sees_its_devices_and_no_traffic(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    desk.services.history.count_devices()
    home = desk.services.tenants.organisation("acme").id
    bob = await arrived(client, desk, "bob", Appointment(Role.VIEWER, home))
    assert len((await bob("GET", "/organisations/acme/figures/devices")).json()["items"]) == 1
    assert (await bob("GET", "/organisations/globex/figures/devices")).status_code == 404
    assert (await bob("GET", "/figures/traffic")).status_code == 403
