"""``/administrators`` of the REST API (product 7.6): accounts within reach, by id or name.

Whoever is an owner of one organisation administers those who may do nothing outside it. Every write takes a
second factor that was shown a moment ago, since it changes who may do what.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.administrator_views import (
    AdministratorView,
    AppointmentBody,
    NewPassword,
    administrator_view,
)
from gateway.endpoints.api.calls import Bearer, Body, Page, Plain, Query, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.records import Actor
from gateway.records.administrators import AdministratorState
from gateway.records.authority import Permission
from gateway.services.administrators import AdministratorChanges, NewAdministrator, require_name
from gateway.services.names import optional_address, require_text

router = APIRouter(prefix="/administrators", tags=["administrators"])
ONE = "/{administrator}"

Reader = Annotated[Actor, needs(Permission.ADMINISTRATOR_READ)]
Writer = Annotated[Actor, needs(Permission.ADMINISTRATOR_WRITE, destructive=True)]

Name = Annotated[str, word(require_name)]
Address = Annotated[str, word(optional_address)]
DisplayName = Annotated[str, word(lambda text: require_text("display_name", text))]
Identifier = Annotated[str, word(lambda text: require_text("subject", text) if text.strip() else "")]


class NewAccount(Body):
    """An account to be made; without a password it signs in nowhere before it has one."""

    name: Name
    appointments: Annotated[list[AppointmentBody], Field(min_length=1, max_length=100)]
    display_name: DisplayName | None = None
    address: Address = ""
    password: NewPassword | None = None


class AccountChanges(Body):
    """What is to be changed; what is left out stays. By issuer and subject an identity provider's user is
    this account."""

    display_name: DisplayName | None = None
    address: Address | None = None
    state: Annotated[AdministratorState, choice()] | None = None
    issuer: Identifier | None = None
    subject: Identifier | None = None


class PasswordBody(Body):
    """A password for another's account."""

    password: NewPassword


class SamePerson(Body):
    """Another account of the same person, by id or name."""

    administrator: Plain


class AdministratorList(BaseModel):
    """A page of accounts, by name."""

    items: list[AdministratorView]
    next: str | None


@router.get("")
def list_administrators(query: Query[Page], use: With, _actor: Reader) -> AdministratorList:
    """Accounts that may do nothing out of your reach."""
    after = read_texts(query.cursor, 1) or ("",)
    found = use.administrators.list(after=after[0], limit=query.limit)
    following = write_cursor(found[-1].name) if len(found) == query.limit else None
    return AdministratorList(items=[administrator_view(each) for each in found], next=following)


@router.post("", status_code=201)
def create_administrator(body: NewAccount, use: With, actor: Writer, bearer: Bearer) -> AdministratorView:
    """Make an account; it can be given what you hold yourself."""
    new = NewAdministrator(
        body.name,
        [each.value() for each in body.appointments],
        body.display_name or "",
        body.address,
        body.password,
    )
    return administrator_view(use.administrators.create(actor, bearer.authority, new))


@router.get(ONE)
def get_administrator(administrator: str, use: With, _actor: Reader) -> AdministratorView:
    """One account, by id or name."""
    return administrator_view(use.administrators.get(administrator))


@router.patch(ONE)
def change_administrator(
    administrator: str, body: AccountChanges, use: With, actor: Writer, bearer: Bearer
) -> AdministratorView:
    """Change an account; a disabled one's sessions and tokens hold no more at their next request."""
    changes = AdministratorChanges(**body.model_dump())
    return administrator_view(use.administrators.change(actor, bearer.authority, administrator, changes))


@router.delete(ONE, status_code=204)
def remove_administrator(administrator: str, use: With, actor: Writer) -> None:
    """Remove an account with its tokens and sessions; never the last owner of the gateway."""
    use.administrators.remove(actor, administrator)


@router.put(ONE + "/password")
def set_administrator_password(
    administrator: str, body: PasswordBody, use: With, actor: Writer, bearer: Bearer
) -> AdministratorView:
    """Give another account a password; its sessions and tokens end. Your own: ``PUT /me/password``."""
    account = use.administrators.set_password(actor, bearer.authority, administrator, body.password)
    return administrator_view(account)


@router.post(ONE + "/second-factor/reset")
def reset_second_factor(administrator: str, use: With, actor: Writer, bearer: Bearer) -> AdministratorView:
    """Take another account's second factor away, as when the phone is lost; its sessions and tokens
    end."""
    return administrator_view(use.administrators.reset_second_factor(actor, bearer.authority, administrator))


@router.post(ONE + "/appointments")
def appoint_administrator(
    administrator: str, body: AppointmentBody, use: With, actor: Writer, bearer: Bearer
) -> AdministratorView:
    """Give an account a role within a scope: no more than you hold yourself."""
    account = use.administrators.appoint(actor, bearer.authority, administrator, body.value())
    return administrator_view(account)


@router.post(ONE + "/appointments/dismiss")
def dismiss_administrator(
    administrator: str, body: AppointmentBody, use: With, actor: Writer
) -> AdministratorView:
    """Take a role away, named as it was given."""
    return administrator_view(use.administrators.dismiss(actor, administrator, body.value()))


@router.put(ONE + "/person")
def link_administrator(administrator: str, body: SamePerson, use: With, actor: Writer) -> AdministratorView:
    """Say that two accounts are one person's, who then cannot approve what they asked for."""
    return administrator_view(use.administrators.link(actor, administrator, body.administrator))


@router.delete(ONE + "/person")
def unlink_administrator(administrator: str, use: With, actor: Writer, bearer: Bearer) -> AdministratorView:
    """Say that the account belongs to a person of its own."""
    return administrator_view(use.administrators.unlink(actor, bearer.authority, administrator))
