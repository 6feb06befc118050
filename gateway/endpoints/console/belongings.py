"""What a person signs in with, as an administrator sees it (product 2.6, 7.8): app passwords to take back,
and a link by which a phone fetches its settings, shown once.
"""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.app_passwords import Because, revoke_app_password
from gateway.endpoints.api.profile_links import create_profile_link
from gateway.endpoints.api.users import get_user
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import query
from gateway.endpoints.console.people import person, place
from gateway.endpoints.console.qr_codes import qr_code

router = APIRouter(prefix="/o/{organisation}/users/{user}")


@router.post("/profile-link")
@or_again(person)
def link(organisation: str, user: str, ask: Annotated[Ask, opens(create_profile_link)]) -> Response:
    """Make a link to the person's profile; this answer alone shows it."""
    made = ask.call(create_profile_link, organisation=organisation, user=user)
    return ask.page(
        "profile_link.html",
        home=ask.organisation(organisation),
        person=ask.call(get_user, organisation=organisation, user=user),
        made=made,
        picture=qr_code(made.url),
        place=place(organisation, user),
    )


@router.post("/app-passwords/{app_password}/revoke")
@or_again(person)
def revoke(
    organisation: str, user: str, app_password: str, ask: Annotated[Ask, opens(revoke_app_password)]
) -> Response:
    """Take an app password back for good: what waits with it is cut."""
    named = {"organisation": organisation, "user": user, "app_password": app_password}
    ask.call(revoke_app_password, **named, query=query(Because, ask.form.given("reason")))
    return ask.to(place(organisation, user))
