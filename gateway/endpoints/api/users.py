"""``/organisations/{organisation}/users`` of the REST API (product 1, 7.3).

A password comes in and never goes out; neither does its hash.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Query, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.endpoints.api.groups import GroupView
from gateway.endpoints.api.groups import view as view_group
from gateway.records import Actor, Group, User, UserSource, UserState
from gateway.records.authority import Permission
from gateway.services.names import optional_address, require_address, require_text
from gateway.services.password_policy import require_good
from gateway.services.user_changes import MAXIMUM_ALIASES, UserChanges

router = APIRouter(prefix="/organisations/{organisation}/users", tags=["users"])
everywhere = APIRouter(prefix="/users", tags=["users"])

Reader = Annotated[Actor, needs(Permission.USER_READ)]
Writer = Annotated[Actor, needs(Permission.USER_WRITE)]
Remover = Annotated[Actor, needs(Permission.USER_WRITE, destructive=True)]


def _good_password(password: str) -> str:
    require_good(password)
    return password


Address = Annotated[str, word(require_address)]
Password = Annotated[str, word(_good_password)]
DisplayName = Annotated[str, word(lambda text: require_text("display_name", text))]
Detail = Annotated[str, word(lambda text: require_text("detail", text) if text.strip() else "")]
DetailName = Literal[
    "initials",
    "phone",
    "mobile",
    "company",
    "department",
    "job_title",
    "office",
    "street",
    "city",
    "zip_code",
    "country",
]


class NewUser(Body):
    """A user to be made; the password is needed where the built-in directory keeps it."""

    address: Address
    display_name: DisplayName | None = None
    password: Password | None = None


class Changes(Body):
    """What is to be changed; what is left out stays, and an empty text takes away.

    Attributes:
        address: one of the aliases, which changes places with the primary address.
        aliases: all of them; added_alias, removed_alias: one more, and one less.
        details: those that change.
        backend: route of the user. moved_to: where discovery leads to instead.
    """

    display_name: DisplayName | None = None
    state: Annotated[UserState, choice()] | None = None
    password: Password | None = None
    address: Address | None = None
    aliases: Annotated[list[Address], Field(max_length=MAXIMUM_ALIASES)] | None = None
    added_alias: Address | None = None
    removed_alias: Address | None = None
    first_name: Detail | None = None
    last_name: Detail | None = None
    details: dict[DetailName, Detail] | None = None
    backend: str | None = None
    moved_to: Annotated[str, word(optional_address)] | None = None
    only_listed: bool | None = None

    def changes(self) -> UserChanges:
        return UserChanges(**self.model_dump(exclude={"password"}))


class UserView(BaseModel):
    """A user as it is shown."""

    id: str
    organisation: str
    address: str
    display_name: str
    source: UserSource
    state: UserState
    aliases: list[str]
    first_name: str
    last_name: str
    details: dict[str, str]
    backend: str
    moved_to: str
    only_listed: bool


class PlaceView(BaseModel):
    """Where a user is: the backend that has the mailbox after all routes, and the enabled groups around the
    user, nested ones too."""

    backend: str
    groups: list[GroupView]


class UserList(BaseModel):
    """A page of users, by address."""

    items: list[UserView]
    next: str | None


def view(user: User) -> UserView:
    values = {name: getattr(user, name) for name in UserView.model_fields}
    return UserView.model_validate(values | {"aliases": list(user.aliases), "details": dict(user.details)})


def view_place(place: tuple[str, Sequence[Group]]) -> PlaceView:
    backend, groups = place
    return PlaceView(backend=backend, groups=[view_group(group) for group in groups])


@router.get("")
def list_users(organisation: str, query: Query[Page], use: With, _actor: Reader) -> UserList:
    """Users of an organisation, by address."""
    (after,) = read_texts(query.cursor, 1) or ("",)
    found = use.users.list(organisation, after=after, limit=query.limit)
    full = len(found) == query.limit
    return UserList(
        items=[view(each) for each in found], next=write_cursor(found[-1].address) if full else None
    )


@router.post("", status_code=201)
def create_user(organisation: str, body: NewUser, use: With, actor: Writer) -> UserView:
    """Make a user."""
    made = use.users.create(
        actor,
        organisation,
        body.address,
        display_name=body.display_name or "",
        password=body.password,
    )
    return view(made)


@router.get("/{user}")
def get_user(organisation: str, user: str, use: With, _actor: Reader) -> UserView:
    """One user, by id, address or alias."""
    return view(use.finder.user(organisation, user))


@router.patch("/{user}")
def change_user(organisation: str, user: str, body: Changes, use: With, actor: Writer) -> UserView:
    """Change a user; a new password or state holds on the next request of every device."""
    present = use.finder.user(organisation, user)
    return view(use.users.change(actor, present.id, body.changes(), password=body.password))


@router.get("/{user}/place")
def get_place(organisation: str, user: str, use: With, _actor: Reader) -> PlaceView:
    """Which backend has the user's mailbox, and which groups the user is in."""
    return view_place(use.users.place(use.finder.user(organisation, user).id))


@router.delete("/{user}", status_code=204)
def remove_user(organisation: str, user: str, use: With, actor: Remover) -> None:
    """Remove a user with all devices; refused while a wipe of one is pending."""
    use.users.remove(actor, use.finder.user(organisation, user).id)


@everywhere.get("/{user}")
def find_user(user: str, use: With, _actor: Reader) -> UserView:
    """One user of whichever organisation, by id, address or alias."""
    return view(use.users.get(user))
