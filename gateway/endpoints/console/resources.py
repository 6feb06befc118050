"""Rooms and equipment, and whose mailbox is opened to whom (product 1, 7.2)."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.calls import Page
from gateway.endpoints.api.permissions import (
    Filter,
    Rights,
    grant_permission,
    list_permissions,
    revoke_permission,
)
from gateway.endpoints.api.resources import (
    Changes,
    NewResource,
    change_resource,
    create_resource,
    list_resources,
    remove_resource,
)
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import body, query
from gateway.errors import GatewayError
from gateway.records import EntityState, ResourceKind, Right

router = APIRouter(prefix="/o/{organisation}")

PAGE = 100


@router.get("/resources")
def resources(organisation: str, ask: Annotated[Ask, opens(list_resources)]) -> Response:
    """What can be booked."""
    return _resources(ask, organisation)


@router.post("/resources")
def create(organisation: str, ask: Annotated[Ask, opens(create_resource)]) -> Response:
    """Make one."""

    def act() -> None:
        wanted = body(NewResource, ask.form.given("address", "name", "kind"))
        ask.call(create_resource, organisation=organisation, body=wanted)

    return _done(ask, organisation, "resources", act)


@router.post("/resources/{resource}")
def change(organisation: str, resource: str, ask: Annotated[Ask, opens(change_resource)]) -> Response:
    """Change one."""

    def act() -> None:
        wanted = body(Changes, ask.form.given("address", "name", "kind", "state"))
        ask.call(change_resource, organisation=organisation, resource=resource, body=wanted)

    return _done(ask, organisation, "resources", act)


@router.post("/resources/{resource}/remove")
def remove(organisation: str, resource: str, ask: Annotated[Ask, opens(remove_resource)]) -> Response:
    """Remove one with the permissions on it."""
    named = {"organisation": organisation, "resource": resource}
    return _done(ask, organisation, "resources", lambda: ask.call(remove_resource, **named))


@router.get("/permissions")
def permissions(organisation: str, ask: Annotated[Ask, opens(list_permissions)]) -> Response:
    """Whose mailbox is opened to whom."""
    return _permissions(ask, organisation)


@router.post("/permissions")
def grant(organisation: str, ask: Annotated[Ask, opens(grant_permission)]) -> Response:
    """Open a mailbox to somebody, with these rights and no others."""

    def act() -> None:
        wanted = body(Rights, {"rights": ask.form.all("right")})
        ask.call(grant_permission, organisation=organisation, **_between(ask), body=wanted)

    return _done(ask, organisation, "permissions", act)


@router.post("/permissions/revoke")
def revoke(organisation: str, ask: Annotated[Ask, opens(revoke_permission)]) -> Response:
    """Close it again."""
    named = {"organisation": organisation, **_between(ask)}
    return _done(ask, organisation, "permissions", lambda: ask.call(revoke_permission, **named))


def _between(ask: Ask) -> dict[str, str]:
    return {name: ask.form.text(name).strip() for name in ("mailbox", "grantee")}


def _done(ask: Ask, organisation: str, page: str, act: Callable[[], Any]) -> Response:
    try:
        act()
    except GatewayError as error:
        shown = _resources if page == "resources" else _permissions
        return shown(ask, organisation, error)
    return ask.to(f"/console/o/{organisation}/{page}")


def _resources(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    asked = query(Page, {"cursor": ask.query.get("cursor", ""), "limit": PAGE})
    return ask.page(
        "resources.html",
        400 if problem else 200,
        home=home,
        found=ask.call(list_resources, organisation=home.id, query=asked),
        kinds=ask.pairs(each.value for each in ResourceKind),
        states=ask.pairs(each.value for each in EntityState),
        can_write=ask.may(create_resource, home.id),
        form=ask.form,
        problem=problem,
    )


def _permissions(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    asked = query(
        Filter, {**{name: ask.query.get(name) for name in ("mailbox", "grantee", "cursor")}, "limit": PAGE}
    )
    return ask.page(
        "permissions.html",
        400 if problem else 200,
        home=home,
        found=ask.call(list_permissions, organisation=home.id, query=asked),
        rights=ask.pairs(each.value for each in Right),
        can_write=ask.may(grant_permission, home.id),
        form=ask.form,
        problem=problem,
    )
