"""A mailbox that is opened to somebody appears in their Outlook within 60 s of the grant, and leaves it again
(product 1): through real HTTP, with the permission given by another process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.phone.discovery import basic
from gateway.records import EntityState, ResourceKind, Right
from gateway.services.groups import GroupChanges
from gateway.services.resources import ResourceChanges
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import ADMIN
from tests.support.mail_server import DOMAIN

ANN, BOB, ROOM = (f"{name}@{DOMAIN}" for name in ("ann", "bob", "room"))
EWS = "https://mail.acme.example/EWS/Exchange.asmx"
SHOWN_S = 60.0
"""Product 1; the change feed makes it a moment."""

QUESTION = f"""<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
<Request><EMailAddress>{ANN}</EMailAddress><AcceptableResponseSchema>
http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
</Request></Autodiscover>""".replace("\n", "")


async def outlook(gateway: Gateway) -> str:
    """What Ann's Outlook is told."""
    authorization = basic(gateway.phone().identity)
    answer = await gateway.phones.ask(
        "POST",
        gateway.url.replace("/Microsoft-Server-ActiveSync", "/autodiscover/autodiscover.xml"),
        headers=[("Authorization", authorization), ("Content-Type", "text/xml")],
        body=QUESTION.encode(),
    )
    assert (answer.http, b"<Action>settings</Action>" in answer.body) == (200, True)
    return answer.body.decode()


async def shows(gateway: Gateway, address: str, wanted: bool) -> None:
    """Wait until the mailbox is in the answer, or is not any more."""
    element = f"<SmtpAddress>{address}</SmtpAddress>"
    async with asyncio.timeout(SHOWN_S):
        while (element in await outlook(gateway)) is not wanted:  # noqa: ASYNC110 - another process's change
            await asyncio.sleep(0.05)


@pytest.fixture
async def office(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    """A backend that serves Outlook, a room and two groups, one in the other."""
    async with serving(tmp_path, backend, asked={"ews_url": EWS}) as running:
        _furnish(running)
        yield running


def _furnish(gateway: Gateway) -> None:
    made = gateway.made
    made.resources.create(ADMIN, "acme", ROOM, "Room", ResourceKind.ROOM)
    for name in ("inner", "outer"):
        made.groups.create(ADMIN, "acme", name)
    made.groups.add_member(ADMIN, "acme", "outer", "inner")


async def test_a_grant_shows_and_a_revocation_hides(office: Gateway) -> None:
    assert BOB not in await outlook(office)
    office.made.permissions.grant(ADMIN, "acme", BOB, ANN, [Right.FULL_ACCESS])
    await shows(office, BOB, True)
    office.made.permissions.grant(ADMIN, "acme", BOB, ANN, [Right.SEND_AS])
    await shows(office, BOB, False)


async def test_a_nested_group_opens_a_room_and_every_link_counts(office: Gateway) -> None:
    made = office.made
    await outlook(office)
    made.permissions.grant(ADMIN, "acme", ROOM, "outer", [Right.FULL_ACCESS])
    made.groups.add_member(ADMIN, "acme", "inner", ANN)
    await shows(office, ROOM, True)
    made.groups.change(ADMIN, "acme", "outer", GroupChanges(state=EntityState.DISABLED))
    await shows(office, ROOM, False)
    made.groups.change(ADMIN, "acme", "outer", GroupChanges(state=EntityState.ENABLED))
    await shows(office, ROOM, True)
    made.resources.change(ADMIN, "acme", ROOM, ResourceChanges(state=EntityState.DISABLED))
    await shows(office, ROOM, False)
