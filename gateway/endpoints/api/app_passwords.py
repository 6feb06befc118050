"""``…/users/{user}/app-passwords`` of the REST API (product 7.8): what administrators may see and take back.

They make none: a secret by which a person signs in is shown to that person and to nobody else.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Filter, Plain, Query, With, needs
from gateway.records import Actor
from gateway.records.app_passwords import AppPassword
from gateway.records.authority import Permission

router = APIRouter(prefix="/organisations/{organisation}/users/{user}/app-passwords", tags=["users"])


class AppPasswordView(BaseModel):
    """An app password, without its secret.

    Attributes:
        device_id: the device that it belongs to; null before one has used it.
    """

    id: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    device_id: str | None
    last_used_at: datetime | None


class AppPasswordList(BaseModel):
    """A user's, the oldest first; ``obstacle`` says why the user can make none, and is empty otherwise."""

    items: list[AppPasswordView]
    obstacle: str


class Because(Filter):
    """Why, for the audit trail."""

    reason: Annotated[Plain, Field()] = ""


def view(made: AppPassword) -> AppPasswordView:
    return AppPasswordView(
        id=made.id,
        label=made.label,
        created_at=made.created_at,
        expires_at=made.expires_at,
        device_id=made.device_id or None,
        last_used_at=made.last_used_at,
    )


@router.get("")
def list_app_passwords(
    organisation: str, user: str, use: With, _actor: Annotated[Actor, needs(Permission.USER_READ)]
) -> AppPasswordList:
    """The user's app passwords, and why there can be none where that is so."""
    known = use.finder.user(organisation, user)
    found = use.app_passwords.list(known.id)
    return AppPasswordList(
        items=[view(each) for each in found], obstacle=use.app_passwords.obstacle(known.id)
    )


@router.delete("/{app_password}", status_code=204)
def revoke_app_password(
    organisation: str,
    user: str,
    app_password: str,
    use: With,
    actor: Annotated[Actor, needs(Permission.USER_WRITE)],
    query: Query[Because],
) -> None:
    """Take one back for good: what waits with it is cut, and it opens nothing any more."""
    known = use.finder.user(organisation, user)
    use.app_passwords.revoke(actor, known.id, app_password, query.reason)
