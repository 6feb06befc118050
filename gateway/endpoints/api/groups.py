"""``/organisations/{organisation}/groups`` of the REST API (product 1, 7.3)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Query, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.records import Actor, EntityState, Group, Member
from gateway.records.authority import Permission
from gateway.services.groups import MAXIMUM_PRIORITY, GroupChanges
from gateway.services.names import optional_address, require_text

router = APIRouter(prefix="/organisations/{organisation}/groups", tags=["groups"])

Reader = Annotated[Actor, needs(Permission.USER_READ)]
Writer = Annotated[Actor, needs(Permission.GROUP_WRITE)]
Name = Annotated[str, word(lambda text: require_text("name", text))]


class Changes(Body):
    """What is to be changed; what is left out stays, an empty address or backend is taken away."""

    name: Name | None = None
    address: Annotated[str, word(optional_address)] | None = None
    state: Annotated[EntityState, choice()] | None = None
    backend: str | None = None
    priority: Annotated[int, Field(ge=-MAXIMUM_PRIORITY, le=MAXIMUM_PRIORITY)] | None = None

    def changes(self) -> GroupChanges:
        return GroupChanges(**self.model_dump())


class NewGroup(Changes):
    """A group to be made."""

    name: Name


class GroupView(BaseModel):
    """A group as it is shown."""

    id: str
    organisation: str
    name: str
    address: str
    state: EntityState
    backend: str
    priority: int


class GroupList(BaseModel):
    """A page of groups, by name."""

    items: list[GroupView]
    next: str | None


class MemberView(BaseModel):
    """A direct member; ``nested`` for a group."""

    id: str
    name: str
    address: str
    nested: bool


class MemberList(BaseModel):
    """A page of direct members, by id."""

    items: list[MemberView]
    next: str | None


def view(group: Group) -> GroupView:
    return GroupView.model_validate(group, from_attributes=True)


def view_member(member: Member) -> MemberView:
    return MemberView.model_validate(member, from_attributes=True)


@router.get("")
def list_groups(organisation: str, query: Query[Page], use: With, _actor: Reader) -> GroupList:
    """Groups of an organisation, by name."""
    (after,) = read_texts(query.cursor, 1) or ("",)
    found = use.groups.list(organisation, after=after, limit=query.limit)
    full = len(found) == query.limit
    return GroupList(
        items=[view(each) for each in found], next=write_cursor(found[-1].name) if full else None
    )


@router.post("", status_code=201)
def create_group(organisation: str, body: NewGroup, use: With, actor: Writer) -> GroupView:
    """Make a group."""
    return view(use.groups.create(actor, organisation, body.name, body.changes()))


@router.get("/{group}")
def get_group(organisation: str, group: str, use: With, _actor: Reader) -> GroupView:
    """One group, by id, address or name."""
    return view(use.groups.get(organisation, group))


@router.patch("/{group}")
def change_group(organisation: str, group: str, body: Changes, use: With, actor: Writer) -> GroupView:
    """Change a group; a route holds on the next request of every member's device."""
    return view(use.groups.change(actor, organisation, group, body.changes()))


@router.delete("/{group}", status_code=204)
def remove_group(organisation: str, group: str, use: With, actor: Writer) -> None:
    """Remove a group with its memberships and permissions; its members stay."""
    use.groups.remove(actor, organisation, group)


@router.get("/{group}/members")
def list_members(organisation: str, group: str, query: Query[Page], use: With, _actor: Reader) -> MemberList:
    """Direct members of a group."""
    (after,) = read_texts(query.cursor, 1) or ("",)
    found = use.groups.members(organisation, group, after=after, limit=query.limit)
    full = len(found) == query.limit
    return MemberList(
        items=[view_member(each) for each in found], next=write_cursor(found[-1].id) if full else None
    )


@router.put("/{group}/members/{member}", status_code=204)
def add_member(organisation: str, group: str, member: str, use: With, actor: Writer) -> None:
    """Put a user (id, address) or a group (id, address, name) into the group; 409 for a circle."""
    use.groups.add_member(actor, organisation, group, member)


@router.delete("/{group}/members/{member}", status_code=204)
def remove_member(organisation: str, group: str, member: str, use: With, actor: Writer) -> None:
    """Take a direct member out of the group."""
    use.groups.remove_member(actor, organisation, group, member)
