"""Devices to look at and what counts as misbehaviour (product 5.7, 5.8), and devices that left the list."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.archive import list_archived
from gateway.endpoints.api.calls import Page
from gateway.endpoints.api.conduct import (
    StaleFilter,
    ThresholdsChange,
    get_thresholds,
    list_disputed,
    list_looping,
    list_stale,
    list_suspended,
    set_thresholds,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.forms import Form
from gateway.errors import GatewayError
from mdm.misbehaviour import BOUNDS, SERVICE, Behaviour

router = APIRouter(prefix="/o/{organisation}")

SHOWN = 50
"""Devices of one kind that the page names."""

NOTED: Sequence[tuple[str, str, Callable[..., Any], type[Page]]] = (
    ("Suspended", "suspended_reason", list_suspended, Page),
    ("In dispute about who they are", "conflict", list_disputed, Page),
    ("Asking for their policy again and again", "diagnosis", list_looping, Page),
    ("Not heard of for long", "diagnosis", list_stale, StaleFilter),
)
"""Headings with the field that says why and the operation that lists them."""

BEHAVIOURS = tuple(each.value for each in Behaviour)


def _thresholds(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    found = ask.call(get_thresholds, organisation=home.id).thresholds
    return ask.page(
        "misbehaviour.html",
        home=home,
        kinds=[("", "Of a device", found), (f"{SERVICE}.", "Of a cloud service", found[SERVICE])],
        behaviours=BEHAVIOURS,
        bounds=BOUNDS,
        can_write=ask.may(set_thresholds, home.id),
        problem=problem,
    )


@router.get("/attention")
def attention(organisation: str, ask: Annotated[Ask, opens(list_suspended)]) -> Response:
    """Whom to look at."""
    home = ask.organisation(organisation)
    return ask.page(
        "attention.html",
        home=home,
        noted=[
            (title, why, ask.call(operation, organisation=home.id, query=filter_(limit=SHOWN)))
            for title, why, operation, filter_ in NOTED
        ],
        may_see_thresholds=ask.may(get_thresholds, home.id),
    )


@router.get("/misbehaviour")
def misbehaviour(organisation: str, ask: Annotated[Ask, opens(get_thresholds)]) -> Response:
    """What counts as misbehaviour."""
    return _thresholds(ask, organisation)


@router.post("/misbehaviour")
@or_again(_thresholds)
def change(organisation: str, ask: Annotated[Ask, opens(set_thresholds)]) -> Response:
    """Change it."""
    wanted = {"thresholds": document(ask.form), "reason": ask.form.text("reason")}
    ask.call(set_thresholds, organisation=organisation, body=body(ThresholdsChange, wanted))
    return ask.to(f"/console/o/{organisation}/misbehaviour")


@router.get("/archive")
def archive(organisation: str, ask: Annotated[Ask, opens(list_archived)]) -> Response:
    """Devices that left the list by themselves, the youngest first."""
    home = ask.organisation(organisation)
    found = ask.call(list_archived, organisation=home.id, query=ask.paged(SHOWN))
    return ask.page("archive.html", home=home, found=found)


def document(form: Form) -> dict[str, Any]:
    """The thresholds as the API takes them: numbers as numbers, and what is none as it was typed."""
    told: dict[str, Any] = {SERVICE: {}}
    for place, there in (("", told), (f"{SERVICE}.", told[SERVICE])):
        for behaviour in BEHAVIOURS:
            typed = {part: form.number(f"{place}{behaviour}.{part}") for part in BOUNDS}
            there[behaviour] = {part: number for part, number in typed.items() if number != ""}
    return told
