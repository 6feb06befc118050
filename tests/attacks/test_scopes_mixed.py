"""Two appointments are not more than each of them where it is, and an id of somebody else's opens nothing,
wherever it stands: in a path, a query, a body, a cursor (T25, T35)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.endpoints.api import ROUTERS
from gateway.records.authority import Appointment, Role
from tests.support import scopes
from tests.support.asgi import Heard
from tests.support.scope_matrix import BODIES, ELSEWHERE, QUERIES
from tests.support.scopes import Estate, appointed, authority

HOME = "/organisations/acme"
NOBODY = {
    "domain": "nobody.example",
    "user": "u-" + "0" * 32,
    "order": "w-" + "0" * 32,
    "job": "j-" + "0" * 32,
    "group": "g-" + "0" * 32,
    "member": "g-" + "0" * 32,
    "resource": "r-" + "0" * 32,
    "mailbox": "u-" + "0" * 32,
    "grantee": "u-" + "0" * 32,
}
"""Ids that nobody has."""


@pytest.fixture(autouse=True)
def _unchanged(estate: Estate) -> Iterator[None]:
    before = estate.digest()
    yield
    assert estate.digest() == before


async def asked(
    estate: Estate, appointments: tuple[Appointment, ...], method: str, path: str, body: Any = None
) -> Heard:
    return await scopes.call(estate.real, authority(*appointments), method, path, body)


async def test_a_full_wipe_in_one_organisation_is_none_in_another(estate: Estate) -> None:
    """Account wipes here and full wipes there are no full wipes here."""
    both = (
        Appointment(Role.HELP_DESK, estate.acme.id),
        appointed(Role.HELP_DESK, organisation=estate.globex.id),
    )
    person = estate.acme.first
    body = {"kind": "device", "reason": "lost", "name": person.phone}
    path = f"{HOME}/devices/{person.user.id}/{person.phone}/wipe"
    assert (await asked(estate, both, "POST", path, body)).status == 404


async def test_off_boarding_with_full_wipes_takes_both_where_the_user_is(estate: Estate) -> None:
    both = (
        Appointment(Role.OPERATOR, estate.globex.id),
        appointed(Role.HELP_DESK, organisation=estate.acme.id),
    )
    path = f"{HOME}/users/{estate.acme.first.user.id}/offboard"
    assert (await asked(estate, both, "POST", path, {"kind": "device", "reason": "x"})).status == 404


async def test_removing_by_force_takes_both_for_the_whole_organisation(estate: Estate) -> None:
    operator = Appointment(Role.OPERATOR, estate.globex.id)
    whole = Appointment(Role.HELP_DESK, estate.acme.id)
    part = Appointment(Role.OPERATOR, estate.acme.id, domain=estate.acme.domain)
    for beside in (whole, part):
        answer = await asked(estate, (operator, beside), "DELETE", f"{HOME}?alias=acme&force=true")
        assert answer.status == 403
    device = f"{HOME}/devices/{estate.acme.first.user.id}/{estate.acme.first.waiting}?force=true"
    editor = Appointment(Role.POLICY_EDITOR, estate.acme.id)
    assert (await asked(estate, (editor, operator), "DELETE", device)).status == 404


async def test_a_part_of_an_organisation_adds_nothing_to_another_part(estate: Estate) -> None:
    """A viewer of one domain who is an operator of a group reads the domain and writes the group."""
    acme = estate.acme
    both = (
        Appointment(Role.VIEWER, acme.id, domain=acme.domain),
        Appointment(Role.OPERATOR, acme.id, group=acme.others),
    )
    first, second = (f"{HOME}/users/{person.user.id}" for person in (acme.first, acme.second))
    assert (await asked(estate, both, "GET", first)).status == 200
    assert (await asked(estate, both, "GET", second)).status == 200
    assert (await asked(estate, both, "PATCH", first, {"state": "disabled"})).status == 404
    told = await asked(estate, both, "GET", f"{HOME}/users")
    assert {each["id"] for each in json.loads(told.body)["items"]} == {
        acme.first.user.id,
        acme.second.user.id,
    }


def _foreign() -> list[tuple[str, str, str]]:
    """Route and the parameter that names something of another organisation."""
    found = []
    for route in (route for router in ROUTERS for route in router.routes):
        (method,) = route.methods  # type: ignore[attr-defined]
        for name in re.findall(r"{(\w+)}", route.path):  # type: ignore[attr-defined]
            if name in NOBODY and "{organisation}" in route.path:  # type: ignore[attr-defined]
                found.append((method, route.path, name))  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(("method", "path", "name"), _foreign())
async def test_an_id_of_another_organisation_is_as_good_as_none(
    estate: Estate, method: str, path: str, name: str
) -> None:
    """Whoever may do everything everywhere, or everything here, is told the same: not found."""
    acme, key = estate.acme, f"{method} {path}"
    body = BODIES[key](acme) if key in BODIES else None
    query = f"?{QUERIES[key]}" if key in QUERIES else ""
    told = []
    for value in (estate.globex.parameters[name], NOBODY[name]):
        filled = path.format_map({**acme.parameters, name: value}) + query
        for scope in ({}, {"organisation": acme.id}):
            heard = await asked(estate, (appointed(Role.OWNER, **scope),), method, filled, body)
            told.append((heard.status, heard.body))
    assert told[0][0] == 404
    assert told == told[:1] * 4


async def test_another_organisation_is_as_good_as_none(estate: Estate) -> None:
    """Every route answers an organisation out of reach as one that never was, to the last letter."""
    globex = (appointed(Role.OWNER, organisation=estate.globex.id),)
    for route in (route for router in ROUTERS for route in router.routes):
        (method,) = route.methods  # type: ignore[attr-defined]
        path, key = route.path, f"{method} {route.path}"  # type: ignore[attr-defined]
        if "{organisation}" not in path or key in ELSEWHERE:
            continue
        body = BODIES[key](estate.acme) if key in BODIES else None
        query = f"?{QUERIES[key]}" if key in QUERIES else ""
        told = []
        for home in ("acme", estate.acme.id, "nobody-at-all"):
            filled = path.format_map({**estate.acme.parameters, "organisation": home}) + query
            heard = await asked(estate, globex, method, filled, body)
            told.append((heard.status, heard.body))
        assert told == told[:1] * 3, key


BODIES_OF_OTHERS = {
    "group member": ("PUT", "/groups/{outer}/members/{other}", None),
    "assignment to a user": ("PUT", "/policy_assignments", {"policy": "strict", "reach": "user"}),
    "assignment to a group": ("PUT", "/policy_assignments", {"policy": "strict", "reach": "group"}),
    "assignment to a domain": ("PUT", "/policy_assignments", {"policy": "strict", "reach": "domain"}),
    "approval of a user": ("POST", "/quarantine/approve_user", {}),
    "decision about a user": ("POST", "/access/decision", {"device_id": "PHONEGUS"}),
    "rule for a user": ("POST", "/access/rules", "user"),
    "rule for a group": ("POST", "/access/rules", "group"),
    "devices of a user": ("GET", "/devices?user={other}", None),
    "orders of a user": ("GET", "/wipes?user={other}", None),
    "permissions of a mailbox": ("GET", "/permissions?mailbox={other}", None),
}


@pytest.mark.parametrize("what", BODIES_OF_OTHERS)
async def test_what_a_body_or_a_query_names_is_looked_for_at_home(estate: Estate, what: str) -> None:
    method, path, body = BODIES_OF_OTHERS[what]
    globex = estate.globex
    named = {"group": globex.outer, "domain": globex.domain}.get(
        what.rsplit(maxsplit=1)[-1], globex.first.user.id
    )
    filled = f"{HOME}{path.format(outer=estate.acme.outer, other=globex.first.user.id)}"
    if isinstance(body, str):
        conditions = [{"criterion": body, "is": [named]}]
        body = {"name": "n", "effect": "block", "conditions": conditions}
    elif body is not None:
        body = {**body, "target" if "reach" in body else "user": named}
    for scope in ({}, {"organisation": estate.acme.id}):
        heard = await asked(estate, (appointed(Role.OWNER, **scope),), method, filled, body)
        assert heard.status in (400, 404), heard.body
        assert not [mark for mark in globex.marks - {named} if mark in heard.body.decode()]


LISTS = ("users", "devices", "wipes", "jobs", "groups", "quarantine", "resources", "access/overrides")


@pytest.mark.parametrize("what", LISTS)
async def test_a_cursor_of_another_organisation_leads_into_ones_own(estate: Estate, what: str) -> None:
    everywhere = (appointed(Role.OWNER),)
    first = await asked(estate, everywhere, "GET", f"/organisations/globex/{what}?limit=1")
    cursor = json.loads(first.body).get("next")
    own = (appointed(Role.OWNER, organisation=estate.acme.id),)
    heard = await asked(estate, own, "GET", f"{HOME}/{what}?cursor={cursor or ''}")
    assert heard.status in (200, 400)
    assert not [mark for mark in estate.globex.marks if mark in heard.body.decode()]


async def test_counts_count_nobody_else(estate: Estate) -> None:
    acme = estate.acme
    parts: list[tuple[dict[str, str], int]] = [
        ({"organisation": acme.id}, 4),
        ({"organisation": acme.id, "domain": acme.domain}, 2),
        ({"organisation": acme.id, "group": acme.outer}, 2),
    ]
    for scope, count in parts:
        heard = await asked(estate, (appointed(Role.VIEWER, **scope),), "GET", f"{HOME}/devices/counts")
        assert json.loads(heard.body)["total"] == count


async def test_a_person_is_led_nowhere_out_of_reach(estate: Estate) -> None:
    """A user of one's own domain cannot be given an address, a primary address or a place in another one."""
    acme = estate.acme
    clerk = (appointed(Role.OPERATOR, organisation=acme.id, domain=acme.domain),)
    path = f"{HOME}/users/{acme.first.user.id}"
    for change in (
        {"aliases": [f"ann@{acme.other_domain}"]},
        {"aliases": [f"ann@{estate.globex.domain}"]},
        {"address": acme.second.user.address},
    ):
        assert (await asked(estate, clerk, "PATCH", path, change)).status in (400, 403, 404)
    new = {"address": f"new@{acme.other_domain}", "password": "Correct-Horse-1"}
    assert (await asked(estate, clerk, "POST", f"{HOME}/users", new)).status in (400, 403, 404)


async def _trail(estate: Estate, **scope: str) -> list[dict[str, Any]]:
    who = (appointed(Role.AUDITOR, **scope),)
    told = await asked(estate, who, "GET", "/audit?tag=admin:act:refused&limit=1000")
    assert told.status == 200
    return list(json.loads(told.body)["items"])


async def test_a_flood_of_refused_calls_is_one_record(estate: Estate) -> None:
    """With who asked, for what and where; the auditor of the other organisation does not see it."""
    before, elsewhere = await _trail(estate), await _trail(estate, organisation=estate.globex.id)
    viewer = (appointed(Role.VIEWER, organisation=estate.acme.id),)
    for _ in range(50):
        assert (await asked(estate, viewer, "POST", f"{HOME}/policy_rollout/pause")).status == 403
    (record,) = (await _trail(estate))[len(before) :]
    assert record["target"].endswith("/organisations/{organisation}/policy_rollout/pause")
    assert (record["organisation"], record["actor"]["name"]) == (estate.acme.id, "clerk")
    assert record["after"] == {"permission": "policy:write", "untold_before": 0}
    assert await _trail(estate, organisation=estate.globex.id) == elsewhere


async def test_a_second_factor_that_was_not_shown_is_on_record(estate: Estate) -> None:
    before = await _trail(estate)
    who = authority(appointed(Role.OWNER), confirmed=False)
    path = f"{HOME}/devices/{estate.acme.first.user.id}/{estate.acme.first.phone}/wipe"
    assert (await scopes.call(estate.real, who, "POST", path, {})).status == 403
    (record,) = (await _trail(estate))[len(before) :]
    assert record["after"]["permission"] == "device:wipe"
    assert "second factor" in record["outcome"]
