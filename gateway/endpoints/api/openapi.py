"""What the description says beside what FastAPI reads off the routes (product 7.3): how to show who asks,
what every answer may be, the headers, what the nouns are, and an example of each request and its answer.

Examples are recorded, not invented: ``docs/generate_examples.py`` asks a furnished gateway and writes
``examples.json``; a test holds each of them to its schema and asks again.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from gateway.endpoints.api.calls import declared
from gateway.endpoints.api.problems import PROBLEM
from gateway.endpoints.api.signposts import Signposts, is_thing
from gateway.endpoints.rendering import problem
from gateway.errors import GatewayError, Kind
from gateway.services.repetitions import FIELD

EXAMPLES = Path(__file__).with_name("examples.json")
PROBLEM_TYPE = "application/problem+json"

SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a session (`POST /sessions`), an API token (`POST /tokens`), or the "
        "bootstrap token that the first start wrote.",
    }
}

TAGS: Mapping[str, str] = MappingProxyType(
    {
        "organisations": "Tenants, with their settings.",
        "domains": "Mail domains, what they publish in DNS, and whether they do.",
        "users": "People: addresses, details, where their mailbox is.",
        "groups": "Groups of users and groups.",
        "resources": "Rooms and equipment.",
        "permissions": "Whose mailbox is opened to whom.",
        "policy": "What devices are asked for: policies, for whom they hold, how a change comes to devices.",
        "access": "Which devices are let in: rules, overrides, the default, and why.",
        "quarantine": "Devices that wait for an approval.",
        "devices": "Partnerships: the list, one device, what is done with it, what became of it.",
        "figures": "Numbers over time: devices by their state, answers, errors and long polls.",
        "conduct": "Devices to look at: suspended, looping, in dispute, silent.",
        "wipes": "Orders of wipes, their approval, the emergency brake.",
        "safeguards": "What guards devices against mistakes and misuse.",
        "jobs": "Off-boardings.",
        "audit": "Who did what.",
        "events": "What happens, as a stream.",
        "webhooks": "What happens, sent to other systems.",
        "notices": "What happens, sent by mail.",
        "administrators": "Who may do what here.",
        "tokens": "API tokens.",
        "sessions": "Signing in and out.",
        "me": "Who asks: what they may do, their own password and second factor.",
        "machine": "Mail servers and certificates of this machine's configuration.",
        "metrics": "Figures of the gateway.",
        "traces": "What one device sends and is sent, for a limited time.",
        "description": "This document.",
    }
)
"""What each noun is."""

_WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.MALFORMED: "Something in the request is wrong; every wrong field is named at once.",
        Kind.UNAUTHENTICATED: "Nobody is known by what the request shows.",
        Kind.FORBIDDEN: "It takes a permission that the asker has not, or the second factor shown again.",
        Kind.NOT_FOUND: "There is no such thing, or it is not within the asker's reach.",
        Kind.CONFLICT: "What is there stands against it.",
        Kind.CHANGED: "It is no longer what If-Match names; nothing was changed.",
        Kind.TOO_LARGE: "A request has 1 MiB at most.",
        Kind.THROTTLED: "Asked too often; Retry-After says when to come again.",
        Kind.UNSUPPORTED: "It is kept elsewhere, and cannot be done here.",
        Kind.UNAVAILABLE: "Something that is needed does not answer; waiting may mend it.",
    }
)
"""Kind to what a problem document of it says."""

_DETAILS: Mapping[Kind, GatewayError] = MappingProxyType(
    {
        Kind.MALFORMED: GatewayError(
            Kind.MALFORMED,
            "The request is not what is expected.",
            faults={"alias": "Field required", "colour": "This field is not known."},
        ),
        Kind.FORBIDDEN: GatewayError(Kind.FORBIDDEN, "This needs the permission device:write."),
        Kind.NOT_FOUND: GatewayError(Kind.NOT_FOUND, "There is no such device."),
        Kind.CONFLICT: GatewayError(Kind.CONFLICT, "The address is in use."),
        Kind.THROTTLED: GatewayError(Kind.THROTTLED, "Too many requests: come again in 1 s."),
    }
)

_TEXT = {"type": "string"}
HEADERS: Mapping[str, Any] = MappingProxyType(
    {
        "ETag": {
            "description": "Names this state of the thing, for If-Match and If-None-Match.",
            "schema": _TEXT,
        },
        "RateLimit": {
            "description": 'What is left of the budget: `"reads";r=150;t=1`, full again in t seconds.',
            "schema": _TEXT,
        },
        "RateLimit-Policy": {
            "description": 'The budget: `"reads";q=200;w=4`, q requests, refilled within w seconds.',
            "schema": _TEXT,
        },
        "Retry-After": {"description": "Seconds after which to come again.", "schema": {"type": "integer"}},
        "Idempotency-Replayed": {
            "description": "`true`: this was done before under the same key, and not again.",
            "schema": _TEXT,
        },
    }
)

PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {
        "IdempotencyKey": {
            "name": FIELD,
            "in": "header",
            "description": "A name for this request, made up by who makes it: made again under the same name "
            "within a day it is answered as before and not done again.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The ETag of what was read: where it was changed since, 412 and nothing is done.",
            "schema": _TEXT,
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag of a copy: 304 where that is what there is.",
            "schema": _TEXT,
        },
    }
)
"""Headers of requests. They are described for people: a description's own parameters are what a route reads,
and these are read around the routes."""


def complete(document: dict[str, Any], routers: Sequence[APIRouter], prefix: str) -> dict[str, Any]:
    """FastAPI's ``document`` with all that; the document itself is left as it is."""
    routes = {
        (method, prefix + route.path): route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    signposts = Signposts(routers, prefix)
    paths = {
        path: {
            method: _operation(operation, routes[method.upper(), path], signposts, prefix)
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    components = document.get("components", {}) | {
        "securitySchemes": SECURITY,
        "headers": dict(HEADERS),
        "parameters": dict(PARAMETERS),
        "responses": _problems(),
    }
    used = {tag for operations in paths.values() for each in operations.values() for tag in each["tags"]}
    tags = [{"name": name, "description": words} for name, words in TAGS.items() if name in used]
    return document | {"paths": paths, "components": components, "security": [{"token": []}], "tags": tags}


@cache
def examples() -> Mapping[str, Mapping[str, Any]]:
    """``METHOD /path`` below the prefix to the recorded request and answer."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _problems() -> dict[str, Any]:
    """One answer for each kind, by the name of its status."""
    found = {}
    for kind, words in _WORDS.items():
        status, document = problem(_DETAILS.get(kind, GatewayError(kind)))
        content = {PROBLEM_TYPE: {**PROBLEM[PROBLEM_TYPE], "example": document}}
        found[f"P{status}"] = {"description": words, "content": content}
        if kind in (Kind.THROTTLED, Kind.UNAVAILABLE, Kind.CONFLICT):
            found[f"P{status}"]["headers"] = _headers("Retry-After")
    return found


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _operation(
    operation: Mapping[str, Any], route: APIRoute, signposts: Signposts, prefix: str
) -> dict[str, Any]:
    """A route as the description shows it."""
    method = next(iter(route.methods or ("GET",)))
    read, conditional = method == "GET", signposts.thing(method, prefix + route.path) is not None
    tagged = read and is_thing(route)
    statuses = [400, 401, 403, 429, 503]
    names_something = "{" in route.path or "requestBody" in operation or "parameters" in operation
    statuses += [404] if names_something else []
    statuses += [] if read else [409, 413, 501]
    statuses += [412] if conditional and not read else []
    answers = dict(operation["responses"])
    names = ["RateLimit", "RateLimit-Policy"] + (["ETag"] if tagged else [])
    names += [] if read else ["Idempotency-Replayed"]
    for status in [each for each in answers if each.startswith("2")]:
        answers[status] = answers[status] | {"headers": _headers(*names)}
    answers |= {str(status): {"$ref": f"#/components/responses/P{status}"} for status in statuses}
    if tagged:
        answers["304"] = {"description": "The copy is fresh.", "headers": _headers("ETag")}
    return _exemplified(
        {**operation, "responses": answers, "x-permission": declared(route).permission.value},
        examples().get(f"{method} {route.path}", {}),
    )


def _exemplified(operation: dict[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded request and answer, where FastAPI has put the place for them."""
    given = {**example.get("path", {}), **example.get("query", {})}
    parameters = [
        {**each, "example": given[each["name"]]} if each["name"] in given else each
        for each in operation.get("parameters", ())
    ]
    found = operation | ({"parameters": parameters} if parameters else {})
    if "body" in example and "requestBody" in operation:
        found["requestBody"] = _with_example(operation["requestBody"], example["body"])
    status = str(example.get("status", ""))
    if "answer" in example and "content" in found["responses"].get(status, {}):
        answer = _with_example(found["responses"][status], example["answer"])
        found["responses"] = found["responses"] | {status: answer}
    return found


def _with_example(part: Mapping[str, Any], example: Any) -> dict[str, Any]:
    content = dict(part["content"])
    if "application/json" in content:
        content["application/json"] = {**content["application/json"], "example": example}
    return {**part, "content": content}
