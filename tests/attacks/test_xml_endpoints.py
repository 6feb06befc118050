"""XML attacks on every door that takes XML: refused in the format's own words, nothing outside touched (T18).

The asker has signed in; a stranger is not read at all. The reader itself is attacked in ``tests/fuzz``.
"""

import pytest

from autodiscover import FORMATS
from autodiscover.model import Audience
from gateway.config import ACTIVESYNC_PATH
from gateway.phone.discovery import basic
from gateway.phone.identity import Identity
from gateway.phone.line import Answer
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.hostile_xml import HARMLESS, REFUSED, calls_outside
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import DOMAIN

CANDIDATES = ("/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc")
PATHS = [path for path in CANDIDATES if any(spoken.matches(path) for spoken in FORMATS)]
DOORS = [*PATHS, f"{ACTIVESYNC_PATH}?Cmd=Autodiscover"]
BODIES = {**REFUSED, **{name: body for name, (body, _) in HARMLESS.items()}}


async def posted(gateway: Gateway, door: str, body: bytes, *, signed: bool = True) -> Answer:
    sent = [("Content-Type", "text/xml")]
    if signed:
        sent.append(("Authorization", basic(Identity(f"ann@{DOMAIN}", PASSWORD, "X")) or ""))
    return await gateway.phones.ask("POST", f"http://127.0.0.1:{gateway.port}{door}", headers=sent, body=body)


def test_every_format_that_reads_a_body_is_attacked() -> None:
    posting = [spoken for spoken in FORMATS if "POST" in spoken.METHODS]
    assert all(any(spoken.matches(path) for path in PATHS) for spoken in posting)
    assert all(spoken.AUDIENCE is Audience.SIGNED for spoken in posting)


@pytest.mark.parametrize("door", DOORS)
async def test_hostile_bodies_are_refused_and_touch_nothing(
    gateway: Gateway, backend: RecordingBackend, door: str
) -> None:
    with calls_outside() as calls:
        for name, body in BODIES.items():
            answer = await posted(gateway, door, body)
            if len(body) > 99_999:
                assert answer.http == 413, name
            else:
                assert answer.http in (200, 500), name
                assert b"<Error" in answer.body or b"Fault>" in answer.body, name
                assert b"127.0.0.1" not in answer.body, name
                assert b"root:" not in answer.body, name
    assert {call[:2] for call in calls} <= {("socket.connect", ("127.0.0.1", gateway.port))}
    assert backend.seen == []


@pytest.mark.parametrize("door", DOORS)
async def test_a_stranger_s_body_is_not_read(gateway: Gateway, door: str) -> None:
    for body in (BODIES["billion laughs"], BODIES["10 MB"]):
        assert (await posted(gateway, door, body, signed=False)).http == 401
