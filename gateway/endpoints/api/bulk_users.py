"""``/organisations/{organisation}/users/bulk``: many users made and changed in one call (product 7.3)."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from gateway.endpoints.api.bulk import BulkView, Item, Items, ProblemView, ResultView, counted, each, noting
from gateway.endpoints.api.calls import Asking, Bearer, Body, Plain, UseCases, With, needs
from gateway.endpoints.api.users import Address, Changes, UserView, view
from gateway.records import Actor, User
from gateway.records.authority import Permission
from gateway.services.user_changes import UserChanges

PATH = "/organisations/{organisation}/users/bulk"
router = APIRouter(prefix=PATH, tags=["users"])
MOST_GROUPS = 100

Writer = Annotated[Actor, needs(Permission.USER_WRITE)]


class UserItem(Changes):
    """A user to be made, or with ``change`` one that is there; ``address`` names it.

    ``groups`` are those it is put into, by id, address or name; that takes the permission for groups. A user
    that is made is made with all of it or not at all.
    """

    action: Literal["create", "change"] = "create"
    address: Address
    groups: Annotated[list[Plain], Field(max_length=MOST_GROUPS)] = Field(default_factory=list)

    def changes(self) -> UserChanges:
        return UserChanges(**self.model_dump(exclude={"action", "address", "groups", "password"}))


class UserItems(Body):
    """Up to 500 of them."""

    items: Items[Item[UserItem]]


class UserResult(ResultView):
    """A user as it is now, or why it is not."""

    address: str
    user: UserView | None


class UserResults(BulkView):
    """One for each item, in their order."""

    items: list[UserResult]


@router.post("")
def write_users(organisation: str, body: UserItems, use: With, actor: Writer, bearer: Bearer) -> UserResults:
    """Make or change many users, each by itself."""
    items: Sequence[object] = body.items

    def shown(index: int, user: User | None, problem: ProblemView | None) -> UserResult:
        address = getattr(items[index], "address", "")
        return UserResult(index=index, problem=problem, address=address, user=view(user) if user else None)

    note = noting(use, actor, PATH, organisation)
    results = each(items, lambda item: _written(organisation, item, use, actor, bearer), shown, note)
    return UserResults(items=results, **counted(results))


def _written(organisation: str, item: UserItem, use: UseCases, actor: Actor, bearer: Asking) -> User:
    """The groups are looked up before anything is done: a name that nobody has spoils no half-made user."""
    groups = bearer.require(Permission.GROUP_WRITE).groups if item.groups else use.groups
    homes = [groups.get(organisation, name).id for name in item.groups]
    if item.action == "create":
        name, password = item.display_name or "", item.password
        done = use.users.create(
            actor, organisation, item.address, display_name=name, password=password, changes=item.changes()
        )
    else:
        present = use.finder.user(organisation, item.address)
        done = use.users.change(actor, present.id, item.changes(), password=item.password)
    for home in homes:
        groups.add_member(actor, organisation, home, done.id)
    return done
