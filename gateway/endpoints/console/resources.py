"""Rooms and equipment, and whose mailbox is opened to whom (product 1, 7.2)."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

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
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body, query
from gateway.errors import GatewayError
from gateway.records import EntityState, ResourceKind, Right

router = APIRouter(prefix="/o/{organisation}")

PAGE = 100


def _resources(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "resources.html",
        home=home,
        found=ask.call(list_resources, organisation=home.id, query=ask.paged(PAGE)),
        kinds=ask.pairs(each.value for each in ResourceKind),
        states=ask.pairs(each.value for each in EntityState),
        can_write=ask.may(create_resource, home.id),
        problem=problem,
    )


def _permissions(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    asked = query(
        Filter, {**{name: ask.query.get(name) for name in ("mailbox", "grantee", "cursor")}, "limit": PAGE}
    )
    return ask.page(
        "permissions.html",
        home=home,
        found=ask.call(list_permissions, organisation=home.id, query=asked),
        rights=ask.pairs(each.value for each in Right),
        can_write=ask.may(grant_permission, home.id),
        problem=problem,
    )


@router.get("/resources")
def resources(organisation: str, ask: Annotated[Ask, opens(list_resources)]) -> Response:
    """What can be booked."""
    return _resources(ask, organisation)


@router.post("/resources")
@or_again(_resources)
def create(organisation: str, ask: Annotated[Ask, opens(create_resource)]) -> Response:
    """Make one."""
    wanted = body(NewResource, ask.form.given("address", "name", "kind"))
    ask.call(create_resource, organisation=organisation, body=wanted)
    return ask.to(place(organisation, "resources"))


@router.post("/resources/{resource}")
@or_again(_resources)
def change(organisation: str, resource: str, ask: Annotated[Ask, opens(change_resource)]) -> Response:
    """Change one."""
    wanted = body(Changes, ask.form.given("address", "name", "kind", "state"))
    ask.call(change_resource, organisation=organisation, resource=resource, body=wanted)
    return ask.to(place(organisation, "resources"))


@router.post("/resources/{resource}/remove")
@or_again(_resources)
def remove(organisation: str, resource: str, ask: Annotated[Ask, opens(remove_resource)]) -> Response:
    """Remove one with the permissions on it."""
    ask.call(remove_resource, organisation=organisation, resource=resource)
    return ask.to(place(organisation, "resources"))


@router.get("/permissions")
def permissions(organisation: str, ask: Annotated[Ask, opens(list_permissions)]) -> Response:
    """Whose mailbox is opened to whom."""
    return _permissions(ask, organisation)


@router.post("/permissions")
@or_again(_permissions)
def grant(organisation: str, ask: Annotated[Ask, opens(grant_permission)]) -> Response:
    """Open a mailbox to somebody, with these rights and no others."""
    wanted = body(Rights, {"rights": ask.form.all("right")})
    ask.call(grant_permission, organisation=organisation, **_between(ask), body=wanted)
    return ask.to(place(organisation, "permissions"))


@router.post("/permissions/revoke")
@or_again(_permissions)
def revoke(organisation: str, ask: Annotated[Ask, opens(revoke_permission)]) -> Response:
    """Close it again."""
    ask.call(revoke_permission, organisation=organisation, **_between(ask))
    return ask.to(place(organisation, "permissions"))


def place(organisation: str, page: str) -> str:
    """Where one of the two pages is."""
    return f"/console/o/{organisation}/{page}"


def _between(ask: Ask) -> dict[str, str]:
    return {name: ask.form.text(name).strip() for name in ("mailbox", "grantee")}
