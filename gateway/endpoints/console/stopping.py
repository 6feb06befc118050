"""The emergency brake (product 5.5): every wipe that can still be taken back is, and no more are ordered.

Nothing is confirmed by a password here: whoever sees phones being erased by mistake has no time for it, and
what the brake does can be undone.
"""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.wipes import Because, stop_all_wipes, stop_wipes
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import body

router = APIRouter()

ONE = "/o/{organisation}/stop-wipes"
ALL = "/stop-wipes"


@router.get(ONE)
def brake(organisation: str, ask: Annotated[Ask, opens(stop_wipes)]) -> Response:
    """What pulling the brake would do here."""
    return ask.page("stop_wipes.html", home=ask.organisation(organisation), done=None)


@router.post(ONE)
def stop(organisation: str, ask: Annotated[Ask, opens(stop_wipes)]) -> Response:
    """Take back every wipe of the organisation that no device has fetched, and freeze."""
    home = ask.organisation(organisation)
    stopped = ask.call(stop_wipes, organisation=home.id, body=body(Because, ask.form.given("reason")))
    return ask.page("stop_wipes.html", home=home, done=[(home.name, stopped)])


@router.get(ALL)
def brake_everywhere(ask: Annotated[Ask, opens(stop_all_wipes)]) -> Response:
    """What pulling every brake would do."""
    return ask.page("stop_wipes.html", done=None)


@router.post(ALL)
def stop_everywhere(ask: Annotated[Ask, opens(stop_all_wipes)]) -> Response:
    """Do the same in every organisation."""
    stopped = ask.call(stop_all_wipes, body=body(Because, ask.form.given("reason"))).items
    names = {each.id: each.name for each in ask.organisations}
    done = [(names.get(each.organisation, each.organisation), each) for each in stopped]
    return ask.page("stop_wipes.html", done=done)
