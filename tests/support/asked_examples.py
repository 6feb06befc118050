"""A request for each operation of the REST API, on the desk of ``tests.support.furnished``: what
``docs/generate_examples.py`` records as examples, and what a test asks again.

An operation that only takes the things in its path needs no line here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import httpx

from gateway.chance import SystemClock
from gateway.endpoints.api import PREFIX, ROUTERS
from tests.support.furnished import ACME, ANN, BOB, RULE, Furnished

HOME = "/organisations/{organisation}"
DEVICE = f"{HOME}/devices/{{user}}/{{device_id}}"
TOLD = tuple(("PUT", f"{home}/notices/it@acme.example", {"kinds": ["wipe progress"]}) for home in (ACME, ""))
CARLAS = {"role": "operator"}
SLOWLY = (("PUT", f"{ACME}/policy?minutes=600", {"settings": {"MaxInactivityTimeDeviceLock": 600}}),)
POLICY = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 6}}
ASSIGNMENT = {"policy": "strict", "reach": "user", "target": BOB}
WHY = {"reason": "ticket 4711"}
NOT_IN_PROCESS = frozenset(
    {
        f"POST {HOME}/domains/{{domain}}/verify",
        "GET /events",
    }
)
"""What asks strangers, or never ends: described without a recorded answer."""
UNANSWERED = frozenset(
    {
        "POST /sessions",
        "POST /sessions/current/confirm",
        "DELETE /sessions/{session}",
        "PUT /me/password",
        "POST /me/second-factor",
        "POST /me/second-factor/confirm",
        "POST /me/recovery-codes",
        "POST /me/views",
        "PATCH /me/views/{view}",
        "DELETE /me/views/{view}",
        f"POST {HOME}/wipes/{{order}}/approve",
        f"POST {HOME}/devices/{{user}}/{{device_id}}/password/reveal",
        f"POST {HOME}/devices/{{user}}/{{device_id}}/release",
        f"POST {HOME}/devices/{{user}}/{{device_id}}/identity",
        f"POST {HOME}/webhooks/{{webhook}}/deliveries/{{sequence}}/replay",
        "POST /webhooks/{webhook}/deliveries/{sequence}/replay",
    }
)
"""What takes somebody who signed in, or a device in trouble: the request is described, no answer recorded."""

VIEW = "v-0123456789abcdef0123456789abcdef"
SOON = "SOON"
"""Stands for a time some weeks from whenever it is asked."""


@dataclass(frozen=True)
class Asked:
    """A request; ``before`` is what has to have been asked first, ``at`` other things than the usual."""

    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, str, Any], ...] = ()


ASKED: Mapping[str, Asked] = MappingProxyType(
    {
        "POST /organisations": Asked({"alias": "initech", "name": "Initech"}),
        f"PATCH {HOME}": Asked({"device_limit": 5}),
        f"DELETE {HOME}": Asked(query={"alias": "globex"}, at={"organisation": "globex"}),
        f"POST {HOME}/domains": Asked({"name": "acme.org"}),
        f"PATCH {HOME}/domains/{{domain}}": Asked({"default": True}, at={"domain": "acme.test"}),
        f"DELETE {HOME}/domains/{{domain}}": Asked(
            at={"domain": "acme.org"}, before=(("POST", f"{ACME}/domains", {"name": "acme.org"}),)
        ),
        f"POST {HOME}/users": Asked(
            {"address": "dora@acme.example", "display_name": "Dora", "password": "Correct-Horse-2"}
        ),
        f"PATCH {HOME}/users/{{user}}": Asked({"first_name": "Ann", "details": {"city": "Ulm"}}),
        f"DELETE {HOME}/users/{{user}}": Asked(
            at={"user": "dora@acme.example"},
            before=(
                ("POST", f"{ACME}/users", {"address": "dora@acme.example", "password": "Correct-Horse-2"}),
            ),
        ),
        f"POST {HOME}/users/bulk": Asked(
            {
                "items": [
                    {"address": "dora@acme.example", "password": "Correct-Horse-2", "groups": ["Sales"]},
                    {"action": "change", "address": ANN, "display_name": "Ann Miller"},
                    {"action": "change", "address": "nobody@acme.example"},
                ]
            }
        ),
        f"POST {HOME}/users/{{user}}/profile-link": Asked({"valid_s": 600}),
        f"POST {HOME}/users/{{user}}/offboard": Asked({"reason": "left", "wait_s": 86400}, at={"user": ANN}),
        f"POST {HOME}/groups": Asked({"name": "Support", "priority": 10}),
        f"PATCH {HOME}/groups/{{group}}": Asked({"priority": 20}),
        f"PUT {HOME}/groups/{{group}}/members/{{member}}": Asked(at={"member": BOB}),
        f"POST {HOME}/groups/{{group}}/members/bulk": Asked(
            {"items": [{"member": BOB}, {"action": "remove", "member": ANN}, {"member": "nobody"}]}
        ),
        f"POST {HOME}/resources": Asked({"address": "beamer@acme.example", "kind": "equipment"}),
        f"PATCH {HOME}/resources/{{resource}}": Asked({"name": "Room 1, first floor"}),
        f"PUT {HOME}/permissions/{{mailbox}}/{{grantee}}": Asked({"rights": ["full_access", "send_as"]}),
        f"PUT {HOME}/policy": Asked(POLICY, query={"minutes": "60", "reason": "audit"}),
        f"POST {HOME}/policy/rehearse": Asked(POLICY),
        f"POST {HOME}/policy/roll_back": Asked({"version": 1}),
        f"POST {HOME}/policies": Asked({"name": "kiosk", "copy_of": "strict"}),
        f"PUT {HOME}/policies/{{name}}": Asked(POLICY),
        f"DELETE {HOME}/policies/{{name}}": Asked(
            at={"name": "kiosk"}, before=(("POST", f"{ACME}/policies", {"name": "kiosk"}),)
        ),
        f"POST {HOME}/policies/{{name}}/rehearse": Asked(POLICY),
        f"POST {HOME}/policies/{{name}}/roll_back": Asked({"version": 1}),
        f"GET {HOME}/policies/{{name}}/difference": Asked(query={"before": "1", "after": "2"}),
        f"PUT {HOME}/policy_assignments": Asked({**ASSIGNMENT, "priority": 5}),
        f"POST {HOME}/policy_assignments/rehearse": Asked(ASSIGNMENT),
        f"POST {HOME}/policy_assignments/remove": Asked(
            {"policy": "strict", "reach": "group", "target": "Sales"}
        ),
        f"POST {HOME}/policy_rollout/pause": Asked(WHY, before=SLOWLY),
        f"POST {HOME}/policy_rollout/now": Asked(WHY, before=SLOWLY),
        f"POST {HOME}/policy_rollout/cancel": Asked(WHY, before=SLOWLY),
        f"POST {HOME}/policy_rollout/resume": Asked(
            WHY, before=(*SLOWLY, ("POST", f"{ACME}/policy_rollout/pause", None))
        ),
        f"PUT {HOME}/access/rules": Asked({"rules": [RULE]}),
        f"POST {HOME}/access/rules": Asked({**RULE, "name": "Very old", "effect": "quarantine"}),
        f"POST {HOME}/access/rules/rehearse": Asked({"rules": [RULE]}),
        f"POST {HOME}/access/rules/import": Asked(
            {
                "Rules": [
                    {
                        "Name": "Old iPhones",
                        "Effect": "DENY",
                        "DeviceModels": ["iPhone8"],
                    }
                ]
            },
            query={"force": "true"},
        ),
        f"POST {HOME}/access/rules/roll_back": Asked({"version": 0}),
        f"PATCH {HOME}/access/rules/{{rule}}": Asked({"enabled": False}),
        f"PUT {HOME}/access/mode": Asked({"mode": "usher"}),
        f"POST {HOME}/access/default/rehearse": Asked({"level": "block", "spare_known": True}),
        f"PUT {HOME}/access/default": Asked({"level": "quarantine", "spare_known": True}),
        f"POST {HOME}/access/decision": Asked({"os": "iOS 15.1", "model": "iPhone", "user": ANN}),
        f"PUT {HOME}/access/overrides/{{user}}/{{device_id}}": Asked(
            {"level": "allow", "until": SOON, "reason": "on the road"}
        ),
        f"POST {HOME}/quarantine/approve": Asked({"devices": [{"user": ANN, "device_id": "PHONE1"}]}),
        f"POST {HOME}/quarantine/reject": Asked(
            {"devices": [{"user": ANN, "device_id": "PHONE1"}], "reason": "private phone"}
        ),
        f"POST {HOME}/quarantine/approve_model": Asked({"model": "iPhone15,2"}),
        f"POST {HOME}/quarantine/approve_user": Asked({"user": ANN, "by_rule": True}),
        f"PATCH {DEVICE}": Asked({"alias": "lent to Bob"}),
        f"DELETE {DEVICE}": Asked(query={"reason": "sold"}),
        f"POST {DEVICE}/provision": Asked(WHY),
        f"PUT {DEVICE}/access": Asked({"level": "block", "reason": "lost", "until": SOON}),
        f"POST {DEVICE}/password/reveal": Asked({"reason": "locked out, ticket 4711"}),
        f"POST {DEVICE}/wipe": Asked({"kind": "account", "reason": "lost"}),
        f"POST {DEVICE}/wipe/cancel": Asked({"reason": "found"}, at={"user": BOB, "device_id": "PHONE2"}),
        f"POST {DEVICE}/release": Asked(WHY),
        f"POST {DEVICE}/identity": Asked({"resolution": "accept", "reason": "restored from a backup"}),
        f"POST {HOME}/devices/bulk": Asked(
            {
                "items": [
                    {"action": "name", "user": ANN, "device_id": "PHONE1", "alias": "spare"},
                    {"action": "wipe", "user": ANN, "device_id": "PHONE1", "reason": "lost"},
                    {"action": "provision", "user": ANN, "device_id": "NOWHERE"},
                ]
            }
        ),
        f"POST {HOME}/wipes/panic": Asked({"reason": "somebody has our token"}),
        "POST /wipes/panic": Asked({"reason": "somebody has our token"}),
        f"POST {HOME}/wipes/{{order}}/reject": Asked(WHY),
        f"POST {HOME}/wipes/{{order}}/cancel": Asked(WHY),
        f"PATCH {HOME}/safeguards": Asked({"wipes_per_hour": 5}),
        f"POST {HOME}/safeguards/freeze": Asked(WHY),
        f"POST {HOME}/safeguards/lift": Asked(WHY, before=(("POST", f"{ACME}/safeguards/freeze", None),)),
        f"POST {HOME}/jobs/{{job}}/cancel": Asked({"reason": "stays after all"}),
        f"PUT {HOME}/misbehaviour": Asked({"thresholds": {}, "reason": "the defaults do"}),
        **{
            f"{method} {home}{below}": asked
            for home in (f"{HOME}/webhooks", "/webhooks")
            for (method, below), asked in {
                ("POST", ""): Asked(
                    {"url": "https://hooks.example/usher", "types": ["device:wipe:confirmed"]}
                ),
                ("PATCH", "/{webhook}"): Asked({"enabled": False}),
                ("POST", "/{webhook}/rotate"): Asked({"overlap_hours": 2}),
                ("POST", "/{webhook}/replay"): Asked(query={"after": "0"}),
                ("POST", "/{webhook}/deliveries/{sequence}/replay"): Asked(at={"sequence": "1"}),
            }.items()
        },
        **{
            f"{method} {home}{below}": asked
            for home in (f"{HOME}/notices", "/notices")
            for (method, below), asked in {
                ("POST", "/test"): Asked({"address": "it@acme.example"}, before=TOLD),
                ("PUT", "/{address}"): Asked(
                    {"kinds": ["wipe progress", "approval needed"]}, at={"address": "it@acme.example"}
                ),
                ("DELETE", "/{address}"): Asked(
                    at={"address": "it@acme.example"},
                    before=TOLD,
                ),
            }.items()
        },
        f"PUT {DEVICE}/protocol-log": Asked({"minutes": 30}),
        f"DELETE {DEVICE}/protocol-log": Asked(
            before=(("PUT", f"{ACME}/devices/{ANN}/PHONE1/protocol-log", {"minutes": 30}),)
        ),
        "POST /administrators": Asked(
            {"name": "dora", "appointments": [{"role": "help desk", "organisation": "acme"}]}
        ),
        "PATCH /administrators/{administrator}": Asked({"display_name": "Carla of IT"}),
        "PUT /administrators/{administrator}/password": Asked({"password": "Correct-Horse-4"}),
        "POST /administrators/{administrator}/appointments": Asked({"role": "auditor"}),
        "POST /administrators/{administrator}/appointments/dismiss": Asked(
            CARLAS, before=(("POST", "/administrators/carla/appointments", {"role": "auditor"}),)
        ),
        "PUT /administrators/{administrator}/person": Asked({"administrator": "emil"}),
        "POST /tokens": Asked(
            {
                "label": "inventory script",
                "expires_at": SOON,
                "permissions": ["device:read"],
                "networks": ["192.0.2.0/24"],
                "administrator": "carla",
            }
        ),
        "POST /sessions": Asked({"name": "carla", "password": "Correct-Horse-3", "code": "123456"}),
        "POST /sessions/current/confirm": Asked({"code": "123456"}),
        "DELETE /sessions/{session}": Asked(at={"session": "s-0123456789abcdef0123456789abcdef"}),
        "PUT /me/password": Asked({"present": "Correct-Horse-3", "new": "Correct-Horse-5"}),
        "POST /me/second-factor/confirm": Asked({"code": "123456"}),
        "POST /me/views": Asked(
            {"name": "Old iPhones", "question": {"os": "iOS 15", "last_seen": ">=7d", "sort": "-last_seen"}}
        ),
        "PATCH /me/views/{view}": Asked({"name": "Very old iPhones"}, at={"view": VIEW}),
        "DELETE /me/views/{view}": Asked(at={"view": VIEW}),
    }
)


def operations() -> Iterator[tuple[str, str]]:
    """Method and path of every operation that is described."""
    for router in ROUTERS:
        for route in router.routes:
            for method in sorted(getattr(route, "methods", ())):
                if getattr(route, "include_in_schema", False):
                    yield method, route.path  # type: ignore[attr-defined]


def ask(place: Furnished, method: str, path: str) -> tuple[dict[str, Any], httpx.Response]:
    """Ask an operation's example on the desk as it was made.

    Returns:
        the request as it is recorded, and its answer.
    """
    asked = ASKED.get(f"{method} {path}", Asked())
    place.restore()
    for before in asked.before:
        assert place.ask(*before).is_success, before
    there = {**place.places, **asked.at}
    names = {name: value for name, value in there.items() if f"{{{name}}}" in path}
    if path.startswith("/webhooks/"):
        names["webhook"] = place.places["webhook_everywhere"]
    soon = (SystemClock().now() + timedelta(days=30)).replace(microsecond=0).isoformat()
    body = json.loads(json.dumps(asked.body).replace(SOON, soon))
    request: dict[str, Any] = {"path": names, "query": dict(asked.query)}
    if body is not None:
        request["body"] = body
    where = PREFIX + path.format_map(names)
    answer = place.client.request(method, where, json=body, params=dict(asked.query))
    return request, answer
