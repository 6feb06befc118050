"""Groups and who is in them (product 1, 7.2)."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.groups import (
    Changes,
    NewGroup,
    add_member,
    change_group,
    create_group,
    get_group,
    list_groups,
    list_members,
    remove_group,
    remove_member,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError

router = APIRouter(prefix="/o/{organisation}/groups")

FIELDS = ("name", "address", "state", "backend")


def _list(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "groups.html",
        home=home,
        found=ask.call(list_groups, organisation=home.id, query=ask.paged()),
        problem=problem,
        can_create=ask.may(create_group, home.id),
    )


def _group(ask: Ask, organisation: str, group: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    known = ask.call(get_group, organisation=home.id, group=group)
    return ask.page(
        "group.html",
        home=home,
        group=known,
        members=ask.call(list_members, organisation=home.id, group=known.id, query=ask.paged()),
        place=place(home.alias, known.id),
        problem=problem,
        can_change=ask.may(change_group, home.id),
    )


@router.get("")
def groups(organisation: str, ask: Annotated[Ask, opens(list_groups)]) -> Response:
    """The groups of an organisation."""
    return _list(ask, organisation)


@router.post("")
@or_again(_list)
def create(organisation: str, ask: Annotated[Ask, opens(create_group)]) -> Response:
    """Make a group."""
    wanted = body(NewGroup, {"name": ask.form.text("name"), **ask.form.given("address")})
    made = ask.call(create_group, organisation=organisation, body=wanted)
    return ask.to(place(organisation, made.id))


@router.get("/{group}")
def group(organisation: str, group: str, ask: Annotated[Ask, opens(get_group)]) -> Response:
    """One group with its direct members."""
    return _group(ask, organisation, group)


@router.post("/{group}")
@or_again(_group)
def change(organisation: str, group: str, ask: Annotated[Ask, opens(change_group)]) -> Response:
    """Change a group."""
    wanted: dict[str, Any] = {name: ask.form.text(name) for name in FIELDS if ask.form.has(name)}
    if ask.form.text("priority"):
        wanted["priority"] = ask.form.number("priority")
    ask.call(change_group, organisation=organisation, group=group, body=body(Changes, wanted))
    return ask.to(place(organisation, group))


@router.post("/{group}/add")
@or_again(_group)
def add(organisation: str, group: str, ask: Annotated[Ask, opens(add_member)]) -> Response:
    """Put somebody, or a group, into the group."""
    ask.call(add_member, organisation=organisation, group=group, member=ask.form.text("member"))
    return ask.to(place(organisation, group))


@router.post("/{group}/drop")
@or_again(_group)
def drop(organisation: str, group: str, ask: Annotated[Ask, opens(remove_member)]) -> Response:
    """Take a direct member out of the group."""
    ask.call(remove_member, organisation=organisation, group=group, member=ask.form.text("member"))
    return ask.to(place(organisation, group))


@router.post("/{group}/remove")
@or_again(_group)
def remove(organisation: str, group: str, ask: Annotated[Ask, opens(remove_group)]) -> Response:
    """Remove the group; its members stay."""
    ask.call(remove_group, organisation=organisation, group=group)
    return ask.to(f"/console/o/{organisation}/groups")


def place(organisation: str, group: str) -> str:
    """Where a group's page is."""
    return f"/console/o/{organisation}/groups/{group}"
