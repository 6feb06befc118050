"""What arrives at a backend when a client tries everything (T6, T14-T17): the canonical request, or nothing.

Each trick of ``corpus.txt`` is sent raw, by a device that is signed in and in compliance, so that nothing but
its form can be held against it; through the gateway alone, and through nginx and the gateway. After each of
them somebody else's request must get its own answer: nothing of the trick may be left in a connection.
"""

import base64
import gzip
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.phone.device import Phone
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from mdm.ashttp import Command, Version
from mdm.codepages import tag
from mdm.element import Element, element
from mdm.query import parse, to_base64
from mdm.wbxml import decode, encode
from tests.smuggling.corpus import HOST, PATH, Trick, head, request, tricks
from tests.support import ports
from tests.support.backend import Exchange, RecordingBackend, Seen, challenging
from tests.support.backend import head as answer_head
from tests.support.gateway_process import Gateway, gateway
from tests.support.handset import provision
from tests.support.nginx_front import front
from tests.support.raw import Raw, send

pytestmark = [pytest.mark.nginx, pytest.mark.timeout(300)]

DOMAIN, PASSWORD = "example.test", "Correct-Horse-7"
USER, OTHER, DEVICE, VICTIM = "anna", "bert", "TRICK1", "VICTIM1"
ADDRESS = f"{USER}@{DOMAIN}"
PUBLIC = HOST.decode()
AUTHORIZATION = "Basic " + base64.b64encode(f"{ADDRESS}:{PASSWORD}".encode()).decode()
PASSED_ON = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
HEADERS = frozenset(
    {
        "host",
        "ms-asprotocolversion",
        "user-agent",
        "accept-language",
        "content-type",
        "authorization",
        "content-length",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
    }
)
EXTRAS = r"(&CollectionId=[^&]*)?(&AttachmentName=[^&]*)?(&SaveInSent=T)?"
SYNC_KEY = tag("FolderHierarchy", "SyncKey")


def folder_sync(key: str = "0") -> Element:
    return element(tag("FolderHierarchy", "FolderSync"), element(SYNC_KEY, key))


MIME = b"From: a@b.test\r\nTo: c@d.test\r\nSubject: SMUGGLED\r\n\r\nSMUGGLED\r\n"
COLLECTION = element(
    tag("AirSync", "Collection"),
    element(tag("AirSync", "SyncKey"), "1"),
    element(tag("AirSync", "CollectionId"), "5"),
)
SYNC = element(tag("AirSync", "Sync"), element(tag("AirSync", "Collections"), COLLECTION))
WATCHED = element(
    tag("Ping", "Folder"), element(tag("Ping", "Id"), "5"), element(tag("Ping", "Class"), "Email")
)
PING = element(
    tag("Ping", "Ping"),
    element(tag("Ping", "HeartbeatInterval"), "60"),
    element(tag("Ping", "Folders"), WATCHED),
)
SEND_MAIL = element(
    tag("ComposeMail", "SendMail"),
    element(tag("ComposeMail", "ClientId"), "1"),
    element(tag("ComposeMail", "Mime"), MIME.replace(b"SMUGGLED", b"Hello")),
)
GOOD = encode(folder_sync())
BODIES: Mapping[str, bytes] = {
    "FolderSync": GOOD,
    "Sync": encode(SYNC),
    "Ping": encode(PING),
    "SendMail": encode(SEND_MAIL),
    "Provision": encode(element(tag("Provision", "Provision"))),
    "MoveItems": encode(element(tag("Move", "MoveItems"), element(tag("Move", "Move")))),
    "FolderSync+trailing": GOOD + b"SMUGGLED",
    "FolderSync+FolderSync": GOOD + GOOD,
    "FolderSync+SendMail": GOOD + encode(SEND_MAIL),
    "truncated": GOOD[:-3],
    "unclosed": GOOD[:-1],
    "overlong": GOOD[:6] + b"\xc3\xff\xff\xff\xff\x7fSMUGGLED",
    "stringtable": b"\x03\x01\x6a\x04abc\x00" + GOOD[4:],
    "attributes": GOOD[:6] + b"\xd6" + GOOD[7:],
    "charset": b"\x03\x01\x04\x00" + GOOD[4:],
    "version": b"\x02\x01\x6a\x00" + GOOD[4:],
    "xml": b"<?xml version='1.0'?><FolderSync xmlns='FolderHierarchy:'><SyncKey>0</SyncKey></FolderSync>",
    "mime": MIME,
    "html": b"<html>SMUGGLED</html>",
    "zeros": bytes(64),
    "gzip": gzip.compress(GOOD),
    "pageswitch": b"\x03\x01\x6a\x00\x00\x15\x45\x01",
}


@dataclass(frozen=True)
class Stage:
    """One way to the backend, and the device that is in compliance there."""

    port: int
    tls: ssl.SSLContext
    name: str
    values: Mapping[bytes, bytes]
    victim_key: int

    async def send(self, octets: bytes) -> Raw:
        return await send(self.port, octets, tls=self.tls, name=self.name, quiet_s=1.5, after_s=0.03)


async def numbered(exchange: Exchange) -> None:
    """A FolderSync answer that says which connection and request it is for, so that a mix-up shows."""
    await exchange.read()
    device = re.search(r"DeviceId=(\w+)", exchange.seen.target)
    body = encode(
        element(
            tag("FolderHierarchy", "FolderSync"),
            element(tag("FolderHierarchy", "Status"), "1"),
            element(SYNC_KEY, device[1] if device else "none"),
        )
    )
    headers = {"Content-Type": "application/vnd.ms-sync.wbxml", "Content-Length": str(len(body))}
    await exchange.write(answer_head(200, headers) + body)


@pytest.fixture(scope="module")
def backend_port() -> int:
    return ports.free(1)[0]


@pytest.fixture(scope="module")
def running(backend_port: int) -> Iterator[Gateway]:
    backend = {"url": f"http://127.0.0.1:{backend_port}{PATH.decode()}", "user_mapping": "local_part"}
    with gateway(backend, DOMAIN, users={USER: PASSWORD, OTHER: PASSWORD}) as started:
        yield started


@pytest.fixture
async def backend(backend_port: int) -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend(challenging(USER, PASSWORD, numbered), port=backend_port) as started:
        yield started


@pytest.fixture(params=["gateway", "nginx"])
async def stage(
    request: pytest.FixtureRequest, running: Gateway, backend: RecordingBackend
) -> AsyncIterator[Stage]:
    keys = [await policy_key(running, device) for device in (DEVICE, VICTIM)]
    backend.seen.clear()
    values = {**VALUES, b"key": str(keys[0]).encode()}
    values[b"head"] = head(values)
    if request.param == "gateway":
        yield Stage(running.https, running.trust(), "localhost", values, keys[1])
        return
    with front(running.socket) as nginx:
        yield Stage(nginx.https, nginx.trust, PUBLIC, values, keys[1])


async def policy_key(running: Gateway, device: str) -> int:
    """Provision a device; its final key."""
    identity = Identity(ADDRESS, PASSWORD, device, "Phone", version=Version.V14_1)
    async with Line(running.trust()) as line:
        phone = Phone(identity, line, server=running.url)
        await provision(phone)
        return phone.policy_key


def query(command: Command = Command.FOLDER_SYNC, device: str = DEVICE) -> str:
    return f"Cmd={command.value}&User={USER}&DeviceId={device}&DeviceType=Phone"


def blob() -> bytes:
    meant = parse(query(), version="14.1", policy_key=None, multipart=None)
    return to_base64(meant, user=USER).encode()


CHUNKS = b"%x\r\n%b\r\n" % (len(GOOD), GOOD)
VALUES: Mapping[bytes, bytes] = {
    b"ok": query().encode(),
    b"blob": blob(),
    b"id": DEVICE.encode(),
    b"user": USER.encode(),
    b"other": OTHER.encode(),
    b"auth": AUTHORIZATION.encode(),
    b"length": str(len(GOOD)).encode(),
    b"body": GOOD,
    b"chunks": CHUNKS,
}


def complaint(trick: Trick, seen: list[Seen]) -> str:
    """What is wrong with what came out for one trick; empty when nothing is."""
    posts = [one for one in seen if one.method != "OPTIONS"]
    faults = [fault for one in seen for fault in uncanonical(one)]
    if len(posts) > 1:
        faults.append(f"{len(posts)} requests out")
    if posts and trick.mark == "-":
        faults.append(f"let through as {posts[0].target}")
    if not posts and trick.mark == "+":
        faults.append("refused")
    return "; ".join(faults)


def uncanonical(seen: Seen) -> Iterator[str]:
    """Everything about a request at the backend that the gateway would never write itself."""
    if b"smuggled" in seen.raw.lower():
        yield f"smuggled: {seen.raw!r}"
    names = [name.lower() for name, _ in seen.headers]
    if len(names) != len(set(names)):
        yield f"header twice: {names}"
    if foreign := set(names) - HEADERS:
        yield f"foreign headers: {sorted(foreign)}"
    if seen.header("x-forwarded-for") not in (None, "127.0.0.1"):
        yield f"claimed address {seen.header('x-forwarded-for')}"
    if seen.method == "OPTIONS":
        if seen.target != PATH.decode():
            yield f"OPTIONS {seen.target}"
        return
    if seen.method != "POST" or seen.header("authorization") != PASSED_ON:
        yield f"{seen.method} by {seen.header('authorization')}"
    yield from unlike_its_command(seen)


def unlike_its_command(seen: Seen) -> Iterator[str]:
    target = re.fullmatch(
        rf"{PATH.decode()}\?Cmd=(\w+)&User={USER}&DeviceId=({DEVICE}|{VICTIM})&DeviceType=Phone{EXTRAS}",
        seen.target,
    )
    if target is None:
        yield f"target {seen.target}"
    elif seen.body and decode(seen.body).name != target[1]:
        yield f"{target[1]} carries {decode(seen.body).name}"
    if seen.header("content-length") != str(len(seen.body)):
        yield f"Content-Length {seen.header('content-length')} for {len(seen.body)} octets"


async def others_are_unharmed(stage: Stage, backend: RecordingBackend) -> str:
    """Somebody else's request gets its own answer."""
    values = {
        **stage.values,
        b"ok": query(device=VICTIM).encode(),
        b"key": str(stage.victim_key).encode(),
    }
    octets = head(values) + b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(GOOD), GOOD)
    before = len(backend.seen)
    answer = await stage.send(octets)
    body = answer.octets.partition(b"\r\n\r\n")[2]
    if answer.status != 200 or VICTIM.encode() not in body:
        return f"the next client got {answer.octets[:200]!r}"
    return "; ".join(fault for one in backend.seen[before:] for fault in uncanonical(one))


async def play(stage: Stage, backend: RecordingBackend, cases: list[tuple[Trick, bytes]]) -> list[str]:
    """Send each trick, look at the backend and at the next client; the complaints."""
    found = []
    for trick, octets in cases:
        before = len(backend.seen)
        answer = await stage.send(octets)
        fault = complaint(trick, backend.seen[before:]) or await others_are_unharmed(stage, backend)
        if fault:
            found.append(f"{trick.mark} {trick.text}\n    {fault}; answered {answer.statuses}")
    return found


@pytest.mark.parametrize("section", ["path", "query", "header", "framing"])
async def test_only_the_canonical_request_comes_out(
    stage: Stage, backend: RecordingBackend, section: str
) -> None:
    cases = [(trick, request(trick, stage.values)) for trick in tricks(section)]
    assert len(cases) > 50
    assert not (faults := await play(stage, backend, cases)), "\n".join(faults)


async def test_the_body_is_what_the_query_says(stage: Stage, backend: RecordingBackend) -> None:
    cases = []
    for trick in tricks("body"):
        command, _, kind = trick.text.partition(" ")
        target = PATH + b"?" + query(Command(command)).encode()
        framing = b"Content-Length: %d\r\n\r\n%b" % (len(BODIES[kind]), BODIES[kind])
        cases.append((trick, head(stage.values, target=target) + framing))
    assert not (faults := await play(stage, backend, cases)), "\n".join(faults)


async def test_pipelined_requests_come_out_one_by_one_each_whole(
    stage: Stage, backend: RecordingBackend
) -> None:
    """Not a trick: two honest requests in one packet are two requests."""
    framed = b"Content-Length: %d\r\n\r\n%b" % (len(GOOD), GOOD)
    answer = await stage.send(2 * (head(stage.values) + framed))
    assert answer.statuses == [200, 200]
    posts = [seen for seen in backend.seen if seen.method == "POST"]
    assert len(posts) == 2
    assert [fault for seen in posts for fault in uncanonical(seen)] == []


def test_the_corpus_is_as_large_as_promised() -> None:
    sections = ("path", "query", "header", "framing", "body")
    assert sum(len(tricks(section)) for section in sections) >= 400


def test_every_trick_can_be_written(tmp_path: Path) -> None:
    values = {**VALUES, b"key": b"1", b"head": b""}
    for section in ("path", "query", "header", "framing"):
        assert all(request(trick, values) for trick in tricks(section))
