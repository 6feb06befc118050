"""nginx and the real gateway behind it, as in a deployment: what nginx/README.md says of both together."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from gateway.phone.device import Phone, Provisioning
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from mdm.ashttp import Version
from tests.support import ports
from tests.support.backend import Exchange, RecordingBackend, challenging, reply
from tests.support.gateway_process import Gateway, gateway
from tests.support.handset import provision
from tests.support.nginx_front import DISCOVERY, PUBLIC, Front, front
from tests.support.raw import Raw, send
from tests.support.sogo_lab import Person

pytestmark = pytest.mark.nginx

ANNA = Person("anna", "Correct-Horse-7")
PATH = "/Microsoft-Server-ActiveSync"
MOBILESYNC = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006">'
    b"<Request><EMailAddress>anna@example.test</EMailAddress><AcceptableResponseSchema>"
    b"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
    b"</AcceptableResponseSchema></Request></Autodiscover>"
)


@dataclass(frozen=True)
class Deployment:
    """Everything between a phone and its mail."""

    usher: Gateway
    nginx: Front

    async def ask(self, head: str, body: bytes = b"", host: str = PUBLIC) -> Raw:
        """One request over TLS; ``head`` is the request line and the headers that matter."""
        request, *headers = head.split("\n")
        lines = [
            request,
            f"Host: {host}",
            *headers,
            f"Content-Length: {len(body)}",
            "Connection: close",
            "",
            "",
        ]
        return await send(
            self.nginx.https, "\r\n".join(lines).encode() + body, tls=self.nginx.trust, name=host, quiet_s=5
        )


@pytest.fixture(scope="module")
def backend_port() -> int:
    return ports.free(1)[0]


@pytest.fixture(scope="module")
def deployment(backend_port: int) -> Iterator[Deployment]:
    backend = {"url": f"http://127.0.0.1:{backend_port}{PATH}", "user_mapping": "local_part"}
    with (
        gateway(backend, "example.test", users={ANNA.name: ANNA.password}) as usher,
        front(usher.socket) as nginx,
    ):
        yield Deployment(usher, nginx)


@pytest.fixture
async def backend(backend_port: int) -> AsyncIterator[RecordingBackend]:
    script = challenging(ANNA.name, ANNA.password, reply())
    async with RecordingBackend(script, port=backend_port) as running:
        yield running


@pytest.fixture
async def phone(deployment: Deployment, backend: RecordingBackend) -> AsyncIterator[Phone]:
    """Signed in and in compliance, all of it through nginx."""
    identity = Identity(ANNA.address, ANNA.password, "viaNginx", version=Version.V14_1)
    target = ("127.0.0.1", deployment.nginx.https)
    async with Line(deployment.nginx.trust, {(PUBLIC, 443): target}) as line:
        phone = Phone(identity, line, server=f"https://{PUBLIC}{PATH}")
        await phone.options()
        await provision(phone)
        yield phone


async def test_stranger_is_challenged(deployment: Deployment, backend: RecordingBackend) -> None:
    for head in [f"OPTIONS {PATH} HTTP/1.1", "POST /autodiscover/autodiscover.xml HTTP/1.1"]:
        answer = await deployment.ask(head)
        assert answer.status == 401
        assert b'www-authenticate: basic realm="' in answer.octets.lower()
    assert backend.seen == []


@pytest.mark.parametrize("host", [PUBLIC, DISCOVERY])
async def test_autodiscover_answers_the_configured_host_whatever_name_was_asked(
    deployment: Deployment, backend: RecordingBackend, host: str
) -> None:
    head = (
        f"POST /autodiscover/autodiscover.xml HTTP/1.1\nAuthorization: {ANNA.basic}\nContent-Type: text/xml"
    )
    answer = await deployment.ask(head.replace(ANNA.basic, basic_of_address()), MOBILESYNC, host)
    assert answer.status == 200
    assert f"<Url>https://localhost:{deployment.usher.https}{PATH}</Url>".encode() in answer.octets
    assert host.encode() not in answer.octets.partition(b"\r\n\r\n")[2]


def basic_of_address() -> str:
    return Person(ANNA.address, ANNA.password).basic


async def test_449_passes_nginx(deployment: Deployment, backend: RecordingBackend) -> None:
    query = f"Cmd=FolderSync&User={ANNA.name}&DeviceId=Old121&DeviceType=Phone"
    head = f"POST {PATH}?{query} HTTP/1.1\nAuthorization: {basic_of_address()}\nMS-ASProtocolVersion: 12.1"
    answer = await deployment.ask(head)
    assert answer.status == 449
    assert answer.octets.startswith(b"HTTP/1.1 449 ")


async def test_address_that_is_kept_is_nginxs_word(deployment: Deployment, phone: Phone) -> None:
    assert phone.policy_key
    assert deployment.usher.device("viaNginx").last_ip == "127.0.0.1"


async def test_wipe_releases_a_phone_that_waits_behind_nginx(
    deployment: Deployment, phone: Phone, backend: RecordingBackend
) -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.gone()

    backend.script = hang
    ping = asyncio.ensure_future(phone.ping(60, []))
    await backend.until(lambda it: any("Cmd=Ping" in seen.target for seen in it.seen))
    await asyncio.to_thread(deployment.usher.wipe, "viaNginx")
    _, awakening = await asyncio.wait_for(ping, 2.0)
    assert awakening is not None
    assert awakening.status == 7
    outcome, _ = await phone.provision()
    assert outcome is Provisioning.WIPED
    await backend.until(lambda it: it.open == 0)
