"""``/me/views`` of the REST API (product 7.2): questions to the device list, kept under names of one's own.

They belong to an account and to no organisation: the same question can be asked of each. As with all that
changes one's account, a session keeps them; a token of the account may read them.
"""

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel

from gateway.endpoints.api.calls import Bearer, Body, With, encodable, needs, word
from gateway.endpoints.api.device_queries import DeviceQuestion
from gateway.endpoints.api.sessions import signed_in
from gateway.records import Actor
from gateway.records.administrators import SavedView
from gateway.records.authority import Permission
from gateway.services.names import require_text
from gateway.services.saved_views import NAME_LIMIT

router = APIRouter(prefix="/me/views", tags=["me"])

Self = Annotated[Actor, needs(Permission.SELF)]


def _storable(question: DeviceQuestion) -> DeviceQuestion:
    encodable(asked_of(question))
    return question


Asked = Annotated[DeviceQuestion, AfterValidator(_storable)]
Name = Annotated[str, word(partial(require_text, "name", maximum=NAME_LIMIT))]


class NewView(Body):
    """A question, spelled as in the query of the device list, and the name that it is kept under."""

    name: Name
    question: Asked


class ViewChanges(Body):
    """What is to be changed; what is left out stays."""

    name: Name | None = None
    question: Asked | None = None


class SavedViewView(BaseModel):
    """A saved view; ``question`` is a query of the device list, its parts by their names."""

    id: str
    name: str
    question: dict[str, str]
    saved_at: datetime


class SavedViewList(BaseModel):
    """One's own, by name."""

    items: list[SavedViewView]


def asked_of(question: DeviceQuestion) -> dict[str, str]:
    """What is asked, without the parts that are not."""
    return {name: str(text) for name, text in question.model_dump(exclude_none=True).items() if text}


def _view(saved: SavedView) -> SavedViewView:
    return SavedViewView.model_validate(saved, from_attributes=True)


@router.get("")
def list_views(use: With, _actor: Self, bearer: Bearer) -> SavedViewList:
    """Your saved views of the device list."""
    return SavedViewList(items=[_view(each) for each in use.saved_views.of(bearer.authority.account)])


@router.post("", status_code=201)
def save_view(body: NewView, use: With, actor: Self, bearer: Bearer) -> SavedViewView:
    """Keep a question under a name."""
    signed_in(bearer)
    question = asked_of(body.question)
    return _view(use.saved_views.save(actor, bearer.authority.account, body.name, question))


@router.patch("/{view}")
def change_view(view: str, body: ViewChanges, use: With, actor: Self, bearer: Bearer) -> SavedViewView:
    """Call a view something else, or let it ask something else."""
    signed_in(bearer)
    question = None if body.question is None else asked_of(body.question)
    return _view(use.saved_views.change(actor, bearer.authority.account, view, body.name, question))


@router.delete("/{view}", status_code=204)
def remove_view(view: str, use: With, actor: Self, bearer: Bearer) -> None:
    """Keep a view no longer."""
    signed_in(bearer)
    use.saved_views.remove(actor, bearer.authority.account, view)
