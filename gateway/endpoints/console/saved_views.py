"""Views of the device list that somebody keeps (product 7.2): saved below the list, opened above it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.saved_views import (
    NewView,
    ViewChanges,
    change_view,
    list_views,
    remove_view,
    save_view,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.devices import ASKED, list_page
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError

router = APIRouter(prefix="/o/{organisation}/views")


def _again(ask: Ask, organisation: str, view: str = "", problem: GatewayError | None = None) -> Response:
    return list_page(ask, ask.organisation(organisation), _asked(ask), refused=problem, renamed=view)


def _asked(ask: Ask) -> dict[str, str]:
    return ask.form.given(*sorted(ASKED))


@router.post("")
@or_again(_again)
def save(organisation: str, ask: Annotated[Ask, opens(save_view)]) -> Response:
    """Keep what the list answers now, in place of what stands under the name."""
    question, name = _asked(ask), ask.form.text("name").strip()
    known = next((each.id for each in ask.call(list_views).items if each.name == name), None)
    if known is None:
        ask.call(save_view, body=body(NewView, {"name": name, "question": question}))
    else:
        ask.call(change_view, view=known, body=body(ViewChanges, {"question": question}))
    return ask.to(f"/console/o/{organisation}/devices?{urlencode(question)}")


@router.post("/{view}")
@or_again(_again)
def rename(organisation: str, view: str, ask: Annotated[Ask, opens(change_view)]) -> Response:
    """Call a view something else."""
    ask.call(change_view, view=view, body=body(ViewChanges, {"name": ask.form.text("name")}))
    return ask.to(f"/console/o/{organisation}/devices")


@router.post("/{view}/remove")
@or_again(_again)
def remove(organisation: str, view: str, ask: Annotated[Ask, opens(remove_view)]) -> Response:
    """Keep a view no longer."""
    ask.call(remove_view, view=view)
    return ask.to(f"/console/o/{organisation}/devices")
