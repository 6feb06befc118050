"""``/organisations/{organisation}/groups/{group}/members/bulk``: a group's members in one call."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter

from gateway.endpoints.api.bulk import BulkView, Item, Items, ProblemView, ResultView, counted, each, noting
from gateway.endpoints.api.calls import Body, Plain, With, needs
from gateway.records import Actor
from gateway.records.authority import Permission

PATH = "/organisations/{organisation}/groups/{group}/members/bulk"
router = APIRouter(prefix=PATH, tags=["groups"])

Writer = Annotated[Actor, needs(Permission.GROUP_WRITE)]


class MemberItem(Body):
    """A user (id, address) or a group (id, address, name) to be put in or taken out."""

    action: Literal["add", "remove"] = "add"
    member: Plain


class MemberItems(Body):
    """Up to 500 of them."""

    items: Items[Item[MemberItem]]


class MemberResult(ResultView):
    """Whether it is so now, or why not."""

    member: str


class MemberResults(BulkView):
    """One for each item, in their order."""

    items: list[MemberResult]


@router.post("")
def write_members(
    organisation: str, group: str, body: MemberItems, use: With, actor: Writer
) -> MemberResults:
    """Put many into a group and take many out, each by itself; 404 for no such group."""
    home = use.groups.get(organisation, group).id
    items: Sequence[object] = body.items

    def written(item: MemberItem) -> None:
        act = use.groups.add_member if item.action == "add" else use.groups.remove_member
        act(actor, organisation, home, item.member)

    def shown(index: int, _done: None, problem: ProblemView | None) -> MemberResult:
        return MemberResult(index=index, problem=problem, member=getattr(items[index], "member", ""))

    results = each(items, written, shown, noting(use, actor, PATH, organisation))
    return MemberResults(items=results, **counted(results))
