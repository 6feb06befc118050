"""``/organisations/{organisation}/notices`` and ``/notices`` of the REST API: mail notices (product 7.9)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Body, With, choice
from gateway.endpoints.api.homes import add_to_both
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.events import Letter, LetterKind, NoticeKind, Progress, Subscription

router = APIRouter(prefix="/organisations/{organisation}/notices", tags=["notices"])
everywhere = APIRouter(prefix="/notices", tags=["notices"])

NOTICE = Annotated[NoticeKind, choice()]


class Kinds(Body):
    """What an address is told."""

    kinds: list[NOTICE]


class Whom(Body):
    """An address that is told something."""

    address: str


class NoticeView(BaseModel):
    """What an address is told."""

    organisation: str
    address: str
    kinds: list[NoticeKind]


class NoticeList(BaseModel):
    """By address."""

    items: list[NoticeView]


class LetterView(BaseModel):
    """A mail on its way; ``event`` is the number of the record that it tells of, 0 for none."""

    id: int
    address: str
    kind: LetterKind
    notice: NoticeKind | None
    event: int
    state: Progress
    attempts: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    error: str


class LetterList(BaseModel):
    """The last hundred, the youngest first."""

    items: list[LetterView]


def view(subscription: Subscription) -> NoticeView:
    return NoticeView.model_validate(subscription, from_attributes=True)


def letter_view(letter: Letter) -> LetterView:
    shown = LetterView.model_validate(letter, from_attributes=True)
    return shown if letter.state is Progress.PENDING else shown.model_copy(update={"next_at": None})


def _routes(router: APIRouter, at: Any, read: Any, write: Any) -> None:
    """Every route, below an organisation and below none."""

    @router.get("")
    def list_notices(use: With, home: str = at, _actor: Actor = read) -> NoticeList:
        """Which address is told what."""
        return NoticeList(items=[view(each) for each in use.notices.list(home)])

    @router.get("/letters")
    def list_letters(use: With, home: str = at, _actor: Actor = read) -> LetterList:
        """The last mails, and what became of them."""
        return LetterList(items=[letter_view(each) for each in use.notices.letters(home)])

    @router.post("/test", status_code=202)
    def test_notices(body: Whom, use: With, home: str = at, actor: Actor = write) -> LetterView:
        """Send a mail to an address that is told something, to see whether it arrives."""
        return letter_view(use.notices.test(actor, home, body.address))

    @router.put("/{address}")
    def set_notices(address: str, body: Kinds, use: With, home: str = at, actor: Actor = write) -> NoticeView:
        """Let an address be told these kinds and no others."""
        return view(use.notices.put(actor, home, address, body.kinds))

    @router.delete("/{address}", status_code=204)
    def remove_notices(address: str, use: With, home: str = at, actor: Actor = write) -> None:
        """Tell an address nothing any longer."""
        use.notices.remove(actor, home, address)


add_to_both(router, everywhere, Permission.NOTICE_READ, Permission.NOTICE_WRITE, _routes)
