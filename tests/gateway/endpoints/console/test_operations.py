"""The console calls the API's own functions, with their permissions and no others (T25)."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Request

from gateway.endpoints.api import ROUTERS, webhooks
from gateway.endpoints.api.calls import ADMINISTRATOR, Bearer, Needs, needs
from gateway.endpoints.api.device_queries import DeviceQuery
from gateway.endpoints.api.devices import list_devices
from gateway.endpoints.api.organisations import NewOrganisation, get_organisation, list_organisations
from gateway.endpoints.api.wipes import WipeRequest, request_wipe
from gateway.endpoints.console.asking import ALL
from gateway.endpoints.console.operations import Operations, body, may, named, query, shape
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import MACHINE, Appointment, Authority, Permission, Role
from tests.support.desk import Desk

HOME = "m-1"


def operations(desk: Desk, authority: Authority) -> Operations:
    class App:
        class state:  # noqa: N801 - as Starlette names it
            use_cases = desk.services

    return Operations(
        Request({"type": "http", "headers": [], "client": None, "app": App, ADMINISTRATOR: authority})
    )


@pytest.mark.parametrize("router", range(len(ROUTERS)))
def test_every_route_can_be_called_as_it_is_declared(router: int) -> None:
    for route in ROUTERS[router].routes:
        declared = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needs)]  # type: ignore[attr-defined]
        assert [shape(route.endpoint).needs] == declared  # type: ignore[attr-defined]


def test_what_declares_nothing_is_not_called() -> None:
    router = APIRouter()

    @router.get("/free")
    def free() -> str:
        return "for all"

    with pytest.raises(TypeError, match="declares no permission"):
        shape(free)


def test_a_call_reaches_what_its_permission_reaches(desk: Desk) -> None:
    home = desk.services.tenants.organisation("acme")
    clerk = operations(desk, Authority("clerk", appointments=(Appointment(Role.VIEWER, home.id),)))
    assert [each.alias for each in clerk.call(list_organisations, query=ALL).items] == ["acme"]
    with pytest.raises(GatewayError) as foreign:
        clerk.call(get_organisation, organisation="globex")
    assert foreign.value.kind is Kind.NOT_FOUND


def test_a_further_permission_reaches_what_both_reach(desk: Desk) -> None:
    """As over REST: help desk here, who may look there, does nothing there by both together."""
    router = APIRouter()

    @router.post("/both")
    def both(bearer: Bearer, _actor: Annotated[Actor, needs(Permission.DEVICE_WIPE)]) -> list[str]:
        return [each.alias for each in bearer.require(Permission.ORGANISATION_READ).tenants.organisations()]

    homes = {each: desk.services.tenants.organisation(each).id for each in ("acme", "globex")}
    held = (Appointment(Role.HELP_DESK, homes["acme"]), Appointment(Role.VIEWER, homes["globex"]))
    assert operations(desk, Authority("clerk", appointments=held)).call(both) == ["acme"]


def test_a_destructive_call_wants_the_second_factor_first(desk: Desk) -> None:
    owner = operations(desk, Authority("olga", appointments=MACHINE))
    with pytest.raises(GatewayError) as refused:
        owner.call(request_wipe, organisation="acme", user="x", device_id="x", body=WipeRequest())
    assert refused.value.kind is Kind.UNCONFIRMED


def test_whether_a_button_is_shown() -> None:
    clerk = Authority("clerk", appointments=(Appointment(Role.HELP_DESK, HOME, domain="a.example"),))
    assert may(clerk, Permission.DEVICE_WIPE, HOME)
    assert not may(clerk, Permission.DEVICE_WIPE, "m-2")
    assert not may(clerk, Permission.POLICY_WRITE, HOME)
    assert shape(list_devices).needs.permission is Permission.DEVICE_READ


def test_a_form_is_judged_by_the_rules_of_the_api() -> None:
    with pytest.raises(GatewayError) as refused:
        body(NewOrganisation, {"alias": "A B", "name": "", "stranger": "1"})
    assert set(refused.value.faults) == {"alias", "name", "stranger"}
    with pytest.raises(GatewayError) as asked:
        query(DeviceQuery, {"limit": "many", "search": ""})
    assert set(asked.value.faults) == {"limit"}


def test_a_route_made_by_a_function_is_found_by_its_name() -> None:
    assert shape(named(webhooks.router, "list_webhooks")).needs.permission is Permission.WEBHOOK_READ
    assert shape(named(webhooks.everywhere, "list_webhooks")).needs.everywhere
    with pytest.raises(KeyError):
        named(webhooks.router, "nothing")
