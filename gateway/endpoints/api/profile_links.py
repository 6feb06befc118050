"""``…/users/{user}/profile-link`` of the REST API: a one-time link to an Apple profile (docs/profiles.md).

The link goes out in this one answer; nobody can ask for it again.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, With, needs
from gateway.endpoints.api.signposts import SHOWN_ONCE
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.profiles import MAXIMUM_VALID_S, MINIMUM_VALID_S, VALID_S, Link

router = APIRouter(prefix="/organisations/{organisation}/users/{user}/profile-link", tags=["users"])


class NewLink(Body):
    """How long the link is to be good, in seconds."""

    valid_s: Annotated[int, Field(ge=MINIMUM_VALID_S, le=MAXIMUM_VALID_S)] = VALID_S


class LinkView(BaseModel):
    """A link, shown this once."""

    url: str
    expires_at: datetime


def view(link: Link) -> LinkView:
    return LinkView.model_validate(link, from_attributes=True)


@router.post("", status_code=201, openapi_extra=SHOWN_ONCE)
def create_profile_link(
    organisation: str,
    user: str,
    use: With,
    actor: Annotated[Actor, needs(Permission.USER_WRITE)],
    body: NewLink | None = None,
) -> LinkView:
    """Make a link by which the user's device fetches its settings once."""
    known = use.finder.user(organisation, user)
    return view(use.profiles.link(actor, known.id, (body or NewLink()).valid_s))
