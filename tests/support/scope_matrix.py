"""The matrix of routes, roles and scopes (T25): what is expected is worked out from the tables of roles; the
routes are the API's own, so a new one is in the matrix by itself, and fails where its parameters
(``scopes.Household.parameters``) or its body are not known.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from gateway.endpoints.api import ROUTERS
from gateway.endpoints.api.calls import Needs, declared
from gateway.records.authority import PERSONAL, ROLES, Permission, Role
from tests.support import scopes
from tests.support.asgi import App
from tests.support.scopes import Estate, Household, appointed, authority

ALLOWED, FORBIDDEN, NOT_FOUND = 200, 403, 404
OUT_OF_PART = (400, 403, 404)
"""How a part of an organisation is told that something is none of it: what is typed may be wrong first."""

Expected = tuple[int, ...]
DONE: Expected = (200, 201, 202, 204)


@dataclass(frozen=True)
class Scope:
    """A scope that a role may be given in.

    Attributes:
        whole: of the organisation that the calls are about; part: of a part of it; reached: with its user.
    """

    name: str
    of: Callable[[Estate], dict[str, str]]
    whole: bool = False
    part: bool = False
    reached: bool = False


SCOPES = (
    Scope("whole gateway", lambda _: {}, whole=True, reached=True),
    Scope("own organisation", lambda e: {"organisation": e.acme.id}, whole=True, reached=True),
    Scope("other organisation", lambda e: {"organisation": e.globex.id}),
    Scope(
        "own domain",
        lambda e: {"organisation": e.acme.id, "domain": e.acme.domain},
        part=True,
        reached=True,
    ),
    Scope("other domain", lambda e: {"organisation": e.acme.id, "domain": e.acme.other_domain}, part=True),
    Scope("own group", lambda e: {"organisation": e.acme.id, "group": e.acme.outer}, part=True, reached=True),
    Scope("other group", lambda e: {"organisation": e.acme.id, "group": e.acme.others}, part=True),
)
HOME = "/organisations/{organisation}"


def _named(home: Household) -> dict[str, Any]:
    return {"devices": [{"user": home.first.user.id, "device_id": home.first.phone}]}


def _items(**item: str) -> dict[str, Any]:
    return {"items": [item]}


def _viewer(home: Household) -> dict[str, Any]:
    return {"role": "viewer", "organisation": home.id}


BODIES: Mapping[str, Callable[[Household], Any]] = {
    "POST /organisations": lambda _: {"alias": "initech"},
    f"PATCH {HOME}": lambda _: {"name": "Renamed"},
    f"POST {HOME}/domains": lambda home: {"name": f"new-{home.alias}.example"},
    f"PATCH {HOME}/domains/{{domain}}": lambda _: {"default": True},
    f"POST {HOME}/users": lambda h: {"address": f"new@{h.domain}", "password": "Correct-Horse-1"},
    f"PATCH {HOME}/users/{{user}}": lambda _: {"password": "Another-Horse-2"},
    f"POST {HOME}/groups": lambda _: {"name": "new"},
    f"PATCH {HOME}/groups/{{group}}": lambda _: {"name": "renamed"},
    f"POST {HOME}/resources": lambda home: {"address": f"new@{home.domain}"},
    f"PATCH {HOME}/resources/{{resource}}": lambda _: {"name": "renamed"},
    f"PUT {HOME}/permissions/{{mailbox}}/{{grantee}}": lambda _: {"rights": ["send_as"]},
    f"PUT {HOME}/policy": lambda _: {"settings": {"DevicePasswordEnabled": True}},
    f"POST {HOME}/policy/rehearse": lambda _: {},
    f"POST {HOME}/policy/roll_back": lambda _: {"version": 1},
    f"POST {HOME}/policies": lambda _: {"name": "new"},
    f"PUT {HOME}/policies/{{name}}": lambda _: {"settings": {"DevicePasswordEnabled": True}},
    f"POST {HOME}/policies/{{name}}/rehearse": lambda _: {},
    f"POST {HOME}/policies/{{name}}/roll_back": lambda _: {"version": 1},
    f"PUT {HOME}/access/rules": lambda _: {"rules": []},
    f"POST {HOME}/access/rules": lambda _: {
        "name": "new",
        "effect": "block",
        "conditions": [{"criterion": "os", "is": ["y"]}],
    },
    f"POST {HOME}/access/rules/rehearse": lambda _: {"rules": []},
    f"POST {HOME}/access/rules/import": lambda _: {"Rules": []},
    f"POST {HOME}/access/rules/roll_back": lambda _: {"version": 1},
    f"PATCH {HOME}/access/rules/{{rule}}": lambda _: {"enabled": False},
    f"PUT {HOME}/access/mode": lambda _: {"mode": "usher"},
    f"POST {HOME}/access/default/rehearse": lambda _: {"level": "allow"},
    f"PUT {HOME}/access/default": lambda _: {"level": "allow"},
    f"POST {HOME}/access/decision": lambda _: {},
    f"PUT {HOME}/access/overrides/{{user}}/{{device_id}}": lambda _: {"level": "allow"},
    f"POST {HOME}/quarantine/approve": _named,
    f"POST {HOME}/quarantine/reject": _named,
    f"POST {HOME}/quarantine/approve_model": lambda _: {"model": "iPhone14C6"},
    f"POST {HOME}/quarantine/approve_user": lambda home: {"user": home.first.user.id},
    f"PUT {HOME}/policy_assignments": lambda _: {"policy": "strict", "reach": "organisation"},
    f"POST {HOME}/policy_assignments/rehearse": lambda _: {"policy": "strict", "reach": "organisation"},
    f"POST {HOME}/policy_assignments/remove": lambda _: {"policy": "strict", "reach": "organisation"},
    f"PATCH {HOME}/devices/{{user}}/{{device_id}}": lambda _: {"alias": "mine"},
    f"POST {HOME}/devices/{{user}}/{{device_id}}/wipe": lambda _: {},
    f"PUT {HOME}/devices/{{user}}/{{device_id}}/access": lambda _: {"level": "block"},
    f"POST {HOME}/devices/{{user}}/{{device_id}}/password/reveal": lambda _: {"reason": "locked out"},
    f"POST {HOME}/devices/{{user}}/{{device_id}}/identity": lambda _: {"resolution": "accept"},
    f"PATCH {HOME}/safeguards": lambda _: {"stale_days": 7},
    f"PUT {HOME}/misbehaviour": lambda _: {"thresholds": {}},
    f"POST {HOME}/users/bulk": lambda home: _items(address=f"new@{home.domain}", password="Correct-Horse-1"),
    f"POST {HOME}/groups/{{group}}/members/bulk": lambda home: _items(member=home.others),
    f"POST {HOME}/devices/bulk": lambda home: _items(
        action="name", user=home.first.user.id, device_id=home.first.phone, alias="mine"
    ),
    f"PUT {HOME}/devices/{{user}}/{{device_id}}/protocol-log": lambda _: {},
    f"POST {HOME}/webhooks": lambda _: {"url": "https://hook.invalid/"},
    f"PATCH {HOME}/webhooks/{{webhook}}": lambda _: {"enabled": False},
    f"POST {HOME}/webhooks/{{webhook}}/rotate": lambda _: {},
    f"POST {HOME}/notices/test": lambda home: {"address": home.second.user.address},
    f"PUT {HOME}/notices/{{address}}": lambda _: {"kinds": ["approval needed"]},
    "POST /webhooks": lambda _: {"url": "https://hook.invalid/"},
    "PATCH /webhooks/{webhook}": lambda _: {"enabled": False},
    "POST /webhooks/{webhook}/rotate": lambda _: {},
    "POST /notices/test": lambda home: {"address": home.second.user.address},
    "PUT /notices/{address}": lambda _: {"kinds": ["approval needed"]},
    "POST /administrators": lambda home: {"name": "new.clerk", "appointments": [_viewer(home)]},
    "PATCH /administrators/{administrator}": lambda _: {"display_name": "Renamed"},
    "PUT /administrators/{administrator}/password": lambda _: {"password": "Another-Horse-2"},
    "POST /administrators/{administrator}/appointments": lambda home: {**_viewer(home), "role": "auditor"},
    "POST /administrators/{administrator}/appointments/dismiss": _viewer,
    "PUT /administrators/{administrator}/person": lambda home: {"administrator": home.administrator},
}
"""Route to a body that is good; a route that is not here needs none."""

QUERIES: Mapping[str, str] = {
    f"DELETE {HOME}": "alias=acme",
    f"POST {HOME}/webhooks/{{webhook}}/replay": "after=0",
    "POST /webhooks/{webhook}/replay": "after=0",
    f"GET {HOME}/policies/{{name}}/difference": "before=0&after=1",
}
GATEWAYS_OWN = (
    "GET /webhooks/{webhook}",
    "PATCH /webhooks/{webhook}",
    "DELETE /webhooks/{webhook}",
    "POST /webhooks/{webhook}/rotate",
    "POST /webhooks/{webhook}/test",
    "POST /webhooks/{webhook}/replay",
    "GET /webhooks/{webhook}/deliveries",
    "POST /webhooks/{webhook}/deliveries/replay",
    "POST /webhooks/{webhook}/deliveries/{sequence}/replay",
)
"""Routes of the whole gateway that are asked for something of an organisation."""

OTHER_OUTCOMES: Mapping[str, Expected] = {
    f"DELETE {HOME}/domains/{{domain}}": (409,),
    f"GET {HOME}/domains/{{domain}}/records": (200, 404),
    f"POST {HOME}/policy/roll_back": (404,),
    f"GET {HOME}/policy_rollout": (404,),
    f"POST {HOME}/access/rules/import": (200, 409),
    f"POST {HOME}/policy_assignments/remove": (404,),
    f"POST {HOME}/policy_rollout/pause": (404, 409),
    f"POST {HOME}/policy_rollout/resume": (404, 409),
    f"POST {HOME}/policy_rollout/now": (404, 409),
    f"POST {HOME}/policy_rollout/cancel": (404, 409),
    f"POST {HOME}/devices/{{user}}/{{device_id}}/password/reveal": (404,),
    f"POST {HOME}/devices/{{user}}/{{device_id}}/wipe/cancel": (409,),
    f"POST {HOME}/devices/{{user}}/{{device_id}}/identity": (409,),
    f"DELETE {HOME}/users/{{user}}": (204, 409),
    f"DELETE {HOME}/devices/{{user}}/{{device_id}}/protocol-log": (404,),
    "POST /administrators/{administrator}/appointments/dismiss": (409,),
    f"DELETE {HOME}/notices/{{address}}": (404,),
    f"POST {HOME}/notices/test": (404,),
    f"POST {HOME}/webhooks/{{webhook}}/deliveries/{{sequence}}/replay": (404,),
    "DELETE /notices/{address}": (404,),
    "POST /notices/test": (404,),
    **dict.fromkeys(GATEWAYS_OWN, (404,)),
}
"""Where a service has nothing to do for the furniture of this test, and says so: it was asked."""

OF_A_PART: Mapping[str, Callable[[Scope], Expected]] = {
    f"POST {HOME}/users": lambda scope: DONE if scope.name == "own domain" else OUT_OF_PART,
    f"POST {HOME}/resources": lambda _: OUT_OF_PART,
    f"POST {HOME}/safeguards/freeze": lambda _: (403,),
    f"POST {HOME}/quarantine/approve": lambda _: DONE,
    f"POST {HOME}/quarantine/reject": lambda _: DONE,
    f"POST {HOME}/users/bulk": lambda _: DONE,
    f"POST {HOME}/devices/bulk": lambda _: DONE,
}
"""Writes that a part of an organisation may be allowed although they name no person in their path."""

ELSEWHERE: Mapping[str, Expected] = {
    f"POST {HOME}/quarantine/approve": (200,),
    f"POST {HOME}/quarantine/reject": (200,),
    f"POST {HOME}/users/bulk": (200,),
    f"POST {HOME}/devices/bulk": (200,),
    "POST /administrators": (403, 404),
}
"""Calls for many that tell for each by itself that it is not there."""

OWN: Expected = (200, 201, 202, 204, 400, 401, 403, 404, 409)
"""What concerns one's own account is no matter of scopes; the one who asks here has none."""

PERSONS = ("user", "order", "job")


@dataclass(frozen=True)
class Asked:
    """A route as it is called: its name, what it needs, and its path with everything filled in."""

    name: str
    method: str
    path: str
    needs: Needs
    body: Any


def asked(route: Any, home: Household) -> Asked:
    (method,) = route.methods
    name = f"{method} {route.path}"
    needed = set(re.findall(r"{(\w+)}", route.path))
    unknown = needed - set(home.parameters)
    assert not unknown, f"{name}: tests.support.scopes.Household.parameters does not know {unknown}"
    path = route.path.format_map(home.parameters)
    query = QUERIES.get(name, "")
    body = BODIES[name](home) if name in BODIES else None
    return Asked(name, method, f"{path}?{query}" if query else path, declared(route), body)


def held(role: Role, permission: Permission, scope: Scope) -> bool:
    """Whether the role in such a scope has the permission at all."""
    full = permission is Permission.WIPE_FULL and Permission.DEVICE_WIPE in ROLES[role]
    return (permission in ROLES[role] or full) and (not scope.part or permission in PERSONAL)


def expected(each: Asked, role: Role, scope: Scope) -> Expected:
    if each.needs.permission in (Permission.SELF, Permission.SIGN_IN):
        return OWN
    if not held(role, each.needs.permission, scope):
        return (FORBIDDEN,)
    if each.needs.everywhere and scope.name != "whole gateway":
        return (FORBIDDEN,)
    done = OTHER_OUTCOMES.get(each.name, DONE)
    if scope.whole:
        return done
    if not scope.part:
        return ELSEWHERE.get(each.name, (NOT_FOUND,) if "{" in each.name else done)
    return _expected_of_part(each, scope, done)


def _expected_of_part(each: Asked, scope: Scope, done: Expected) -> Expected:
    if each.name in OF_A_PART:
        return OF_A_PART[each.name](scope)
    if any(f"{{{name}}}" in each.name for name in PERSONS):
        return done if scope.reached else (NOT_FOUND,)
    for what in ("domain", "group", "resource"):
        if f"{{{what}}}" in each.name:
            return done if scope.name == f"own {what}" else (NOT_FOUND,)
    assert each.method == "GET", f"{each.name}: may a part of an organisation do this? Say so in OF_A_PART"
    return done


def unreached(scope: Scope, estate: Estate) -> frozenset[str]:
    """What stands in no answer to somebody with this scope."""
    acme, globex = estate.acme, estate.globex
    if scope.name == "whole gateway":
        return frozenset()
    if scope.whole:
        return globex.marks
    if not scope.part:
        return acme.marks
    hidden = (acme.second if scope.reached else acme.first).marks
    domain = acme.other_domain if scope.reached else acme.domain
    return globex.marks | hidden | {domain}


async def wrong(app: App, estate: Estate, each: Asked, role: Role, scope: Scope) -> str:
    """What is wrong with the answer, empty for nothing."""
    who = authority(appointed(role, **scope.of(estate)))
    heard = await scopes.call(app, who, each.method, each.path, each.body)
    wanted = expected(each, role, scope)
    told = f"{each.name} as {role.value} of {scope.name}: {heard.status} {heard.body[:200]!r}"
    if heard.status not in wanted:
        return f"{told}, expected {wanted}"
    text = heard.body.decode("utf-8", "replace")
    given = repr(each.body)
    leaked = [mark for mark in sorted(unreached(scope, estate)) if mark in text and mark not in given]
    static = each.name == "GET /openapi.json"
    return f"{told} tells of {leaked}" if leaked and not static else ""


ROUTERS_BY_NAME: Mapping[str, APIRouter] = {
    f"{index}-{router.tags[0] if router.tags else 'untagged'}": router
    for index, router in enumerate(ROUTERS)
    if router.routes
}
"""What one test asks: everything of one router."""


async def all_wrong(estate: Estate, router: APIRouter, scope: Scope) -> list[str]:
    """What is wrong with any answer of the router's routes to any role in ``scope``."""
    before = estate.digest()
    faults = []
    for route in router.routes:
        each = asked(route, estate.acme)
        for role in Role:
            allowed = expected(each, role, scope) != (FORBIDDEN,) and (scope.whole or scope.part)
            app = estate.dry if allowed else estate.real
            faults.append(await wrong(app, estate, each, role, scope))
    assert estate.digest() == before, f"something that was denied of {scope.name} has changed something"
    return [fault for fault in faults if fault]
