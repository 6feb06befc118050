"""Whose the things of a page are: an organisation's or the gateway's (product 7.9)."""

import pytest

from gateway.endpoints.console import notices, webhooks
from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk


def test_an_organisation_and_the_gateway_have_the_same_pages() -> None:
    for noun in (webhooks, notices):
        paths = {route.path for route in noun.router.routes}  # type: ignore[attr-defined]
        own = {path for path in paths if path.startswith(noun.OWN)}
        assert {path.removeprefix("/o/{organisation}") for path in own} == paths - own


@pytest.mark.parametrize(("noun", "offered"), [("webhooks", "New webhook"), ("notices", "Tell an address")])
async def test_who_reads_an_organisations_things_changes_none_and_sees_no_others(
    sitting: Sitting, desk: Desk, noun: str, offered: str
) -> None:
    home = desk.services.tenants.organisation("acme").id
    async with sitting(Authority("a", appointments=(Appointment(Role.AUDITOR, home),))) as client:
        page = await client.get(f"/console/o/acme/{noun}")
        assert page.status_code == 200
        assert offered not in page.text
        assert (await client.post(f"/console/o/acme/{noun}", data={"url": "x"})).status_code == 403
        assert (await client.get(f"/console/{noun}")).status_code == 403
