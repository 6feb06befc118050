"""Administrators, tokens and sessions as the REST API shows and takes them (product 7.6, 7.7).

Nothing that proves an account goes out, but for what is shown once when it is made.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel

from gateway.endpoints.api.calls import Body, Plain, choice, word
from gateway.records.administrators import Administrator, AdministratorState, ApiToken, Session
from gateway.records.authority import Appointment, Permission, Role
from gateway.services.credential_checks import CONFIRMED
from gateway.services.password_policy import require_good


def _good_password(password: str) -> str:
    require_good(password)
    return password


def _typed(text: str) -> str:
    """What is held against a hash: anything at all, within the limits of the body."""
    return text


NewPassword = Annotated[str, word(_good_password)]
Typed = Annotated[str, word(_typed)]


class AppointmentBody(Body):
    """A role within a scope: an organisation by id or alias, and of that a domain or a group; without an
    organisation the whole gateway."""

    role: Annotated[Role, choice()]
    organisation: Plain = ""
    domain: Plain = ""
    group: Plain = ""
    full_wipe: bool = False

    def value(self) -> Appointment:
        return Appointment(self.role, self.organisation, self.domain, self.group, self.full_wipe)


class AppointmentView(BaseModel):
    """A role within a scope; what is empty does not narrow it."""

    role: Role
    organisation: str
    domain: str
    group: str
    full_wipe: bool


class AdministratorView(BaseModel):
    """An account; ``vouched_by`` is the id of the other account that last gave it a way in: its password, its
    user at an identity provider or its address, or an enrolment anew."""

    id: str
    name: str
    display_name: str
    address: str
    state: AdministratorState
    person: str
    issuer: str
    subject: str
    second_factor: bool
    recovery_codes_left: int
    appointments: list[AppointmentView]
    created_at: datetime
    created_by: str
    vouched_by: str
    vouched_at: datetime | None


class TokenView(BaseModel):
    """A token; ``permissions`` is null for all that its appointments give, ``appointments`` empty for its
    account's as they change."""

    id: str
    label: str
    administrator: str
    permissions: list[Permission] | None
    appointments: list[AppointmentView]
    networks: list[str]
    destructive: bool
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked: bool


class SessionView(BaseModel):
    """A session; ``current`` is the one that asks."""

    id: str
    created_at: datetime
    seen_at: datetime
    confirmed_until: datetime
    ends_at: datetime
    address: str
    user_agent: str
    current: bool


def appointment_view(appointment: Appointment) -> AppointmentView:
    return AppointmentView.model_validate(appointment, from_attributes=True)


def administrator_view(account: Administrator) -> AdministratorView:
    return AdministratorView(
        id=account.id,
        name=account.name,
        display_name=account.display_name,
        address=account.address,
        state=account.state,
        person=account.person,
        issuer=account.issuer,
        subject=account.subject,
        second_factor=account.enrolled,
        recovery_codes_left=len(account.recovery),
        appointments=[appointment_view(each) for each in account.appointments],
        created_at=account.created_at,
        created_by=account.created_by,
        vouched_by=account.vouched_by,
        vouched_at=account.vouched_at,
    )


def token_view(token: ApiToken) -> TokenView:
    limits = None if token.limits is None else [each for each in Permission if each in token.limits]
    return TokenView(
        id=token.id,
        label=token.label,
        administrator=token.administrator,
        permissions=limits,
        appointments=[appointment_view(each) for each in token.appointments],
        networks=list(token.networks),
        destructive=token.destructive,
        created_at=token.created_at,
        created_by=token.created_by,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoked=token.revoked,
    )


def session_view(session: Session, current: str) -> SessionView:
    return SessionView(
        id=session.id,
        created_at=session.created_at,
        seen_at=session.seen_at,
        confirmed_until=session.confirmed_at + CONFIRMED,
        ends_at=session.ends_at,
        address=session.address,
        user_agent=session.user_agent,
        current=session.id == current,
    )
