"""``/organisations/{organisation}/users`` of the REST API (product 1, 7.3).

A password comes in and never goes out; neither does its hash.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Query, UseCases, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.endpoints.principals import Permission
from gateway.records import Actor, User, UserSource, UserState
from gateway.services.names import require_address, require_text
from gateway.services.password_policy import require_good
from gateway.services.users import MAXIMUM_ALIASES

router = APIRouter(prefix="/organisations/{organisation}/users", tags=["users"])

Reader = Annotated[Actor, needs(Permission.USER_READ)]
Writer = Annotated[Actor, needs(Permission.USER_WRITE)]


def _good_password(password: str) -> str:
    require_good(password)
    return password


Address = Annotated[str, word(require_address)]
Password = Annotated[str, word(_good_password)]
DisplayName = Annotated[str, word(lambda text: require_text("display_name", text))]


class NewUser(Body):
    """A user to be made; the password is needed where the built-in directory keeps it."""

    address: Address
    display_name: DisplayName | None = None
    password: Password | None = None


class Changes(Body):
    """What is to be changed; what is left out stays."""

    display_name: DisplayName | None = None
    state: Annotated[UserState, choice()] | None = None
    password: Password | None = None
    aliases: Annotated[list[Address], Field(max_length=MAXIMUM_ALIASES)] | None = None


class UserView(BaseModel):
    """A user as it is shown."""

    id: str
    organisation: str
    address: str
    display_name: str
    source: UserSource
    state: UserState
    aliases: list[str]


class UserList(BaseModel):
    """A page of users, by address."""

    items: list[UserView]
    next: str | None


def view(user: User) -> UserView:
    return UserView.model_validate(user, from_attributes=True)


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
    _apply(use, actor, present, body)
    return view(use.users.get(present.id))


@router.delete("/{user}", status_code=204)
def remove_user(organisation: str, user: str, use: With, actor: Writer) -> None:
    """Remove a user with all devices; refused while a wipe of one is pending."""
    use.users.remove(actor, use.finder.user(organisation, user).id)


def _apply(use: UseCases, actor: Actor, user: User, body: Changes) -> None:
    """What may still be refused goes first, so that a refusal has changed nothing: a password that is kept
    elsewhere, then an alias that is somebody else's."""
    if body.password is not None and user.source is not UserSource.LOCAL:
        use.users.set_password(actor, user.id, body.password)
    if body.aliases is not None:
        use.users.set_aliases(actor, user.id, body.aliases)
    if body.password is not None:
        use.users.set_password(actor, user.id, body.password)
    if body.display_name is not None:
        use.users.set_display_name(actor, user.id, body.display_name)
    if body.state is not None:
        use.users.set_state(actor, user.id, body.state)
