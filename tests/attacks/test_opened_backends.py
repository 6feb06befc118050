"""Whoever is given one organisation sends nobody to a mail server that is not the organisation's (T25, T35).

Behind it may be somebody else's mail: of a backend that takes the gateway's word, a user of the same name.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.records import AuditTag
from gateway.records.authority import Appointment, Role
from gateway.services.groups import GroupChanges
from gateway.services.tenants import Settings
from tests.support.accounts import Visitor, arrived
from tests.support.desk import Desk, browser, furnish
from tests.support.world import ADMIN, PASSWORD

ACME = "/organisations/acme"
ROUTE = {"backend": "other"}
ANN = "ann@acme.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = furnish(tmp_path)
    made = desk.services
    made.tenants.create_organisation(ADMIN, "acme", Settings())
    for name in ("acme.example", "acme.test"):
        made.tenants.add_domain(ADMIN, "acme", name)
    made.users.create(ADMIN, "acme", ANN, password=PASSWORD)
    made.groups.create(ADMIN, "acme", "staff")
    yield desk
    made.store.close()


def ways(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every call by which somebody comes to be served by another backend; ``name`` is new."""
    return [
        ("PATCH", f"{ACME}/domains/acme.test", ROUTE),
        ("POST", f"{ACME}/groups", {"name": name, **ROUTE}),
        ("PATCH", f"{ACME}/groups/staff", ROUTE),
        ("PATCH", f"{ACME}/users/{ANN}", ROUTE),
        ("PATCH", ACME, ROUTE),
    ]


async def bulk(visitor: Visitor, name: str) -> int | None:
    item = {"address": f"{name}@acme.example", "password": PASSWORD, **ROUTE}
    (result,) = (await visitor("POST", f"{ACME}/users/bulk", {"items": [item]})).json()["items"]
    return result["problem"] and int(result["problem"]["status"])


async def test_no_way_leads_to_a_backend_that_was_not_opened(desk: Desk) -> None:
    home = desk.services.finder.organisation("acme").id
    async with browser(desk.config) as client:
        operator = await arrived(client, desk, "oper", Appointment(Role.OPERATOR, home))
        for method, path, body in ways("bob"):
            told = await operator(method, path, body)
            assert (told.status_code, told.json()["errors"][0]["field"]) == (403, "backend"), path
        assert await bulk(operator, "bob") == 403
        refused = desk.services.audit.query(tag=AuditTag.ACT_REFUSED)
        assert [each.actor.name for each in refused] == ["oper"] * 6
        desk.services.tenants.route_domain(ADMIN, "acme", "acme.example", "other")
        for method, path, body in ways("carl"):
            assert (await operator(method, path, body)).is_success, path
        assert await bulk(operator, "dora") is None


async def test_what_stands_already_is_no_hindrance(desk: Desk) -> None:
    desk.services.groups.change(ADMIN, "acme", "staff", GroupChanges(backend="other"))
    home = desk.services.finder.organisation("acme").id
    async with browser(desk.config) as client:
        operator = await arrived(client, desk, "oper", Appointment(Role.OPERATOR, home))
        for body in ({"backend": "other", "priority": 3}, {"backend": ""}):
            assert (await operator("PATCH", f"{ACME}/groups/staff", body)).is_success
        assert (await operator("PATCH", f"{ACME}/groups/staff", ROUTE)).status_code == 403


async def test_an_operator_of_a_domain_opens_none_either(desk: Desk) -> None:
    desk.services.tenants.route_domain(ADMIN, "acme", "acme.test", "other")
    home = desk.services.finder.organisation("acme").id
    async with browser(desk.config) as client:
        clerk = await arrived(client, desk, "clerk", Appointment(Role.OPERATOR, home, domain="acme.example"))
        assert (await clerk("PATCH", f"{ACME}/users/{ANN}", ROUTE)).status_code == 403
        gateway = await arrived(client, desk, "root", Appointment(Role.OPERATOR))
        assert (await gateway("PATCH", f"{ACME}/users/{ANN}", ROUTE)).is_success
