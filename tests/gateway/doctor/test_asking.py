"""Questions to web servers: sent once, redirects followed as clients do, the password kept back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.doctor.asking import _TROUBLES, Asker, Credentials, Once, Ways, refusal, target_of
from gateway.doctor.observations import Ask, Page, Silence, Stop, Trouble
from gateway.doctor.requests import request
from gateway.probes.answers import Reason
from gateway.probes.dns import Resolver
from tests.support.dns_server import Misfit, zone
from tests.support.stranger import CHALLENGE, Visit, answer, sound, stranger, trusted

NAME = "autodiscover.acme.example"
XML = f"https://{NAME}/autodiscover/autodiscover.xml"
SVC = XML[:-3] + "svc"


@pytest.fixture
async def names() -> AsyncIterator[Misfit]:
    with Misfit(zone(f"{NAME} 60 A 127.0.0.1")) as running:
        yield running


def asker(names: Misfit, ways: Ways) -> Asker:
    return Asker(Once(Resolver([names.server], timeout_s=10)), ways, lambda _: None)


async def test_the_same_question_is_sent_once(names: Misfit, tmp_path: Path) -> None:
    async with stranger(CHALLENGE, sound(NAME)) as server:
        asking = asker(names, Ways(trusted(tmp_path), server.port))
        sent = request(Ask.XML_POST, "ann@acme.example")
        first, again = await asking.hop(XML, sent), await asking.hop(XML, sent)
        assert first is again
        await asking.hop(XML, request(Ask.OUTLOOK, "ann@acme.example"))
    assert len(server.visits) == 2
    assert len(names.asked) == len(set(names.asked)) == 2


async def test_a_lab_port_is_dialled_and_not_shown(names: Misfit, tmp_path: Path) -> None:
    async with stranger(CHALLENGE, sound(NAME)) as server:
        asking = asker(names, Ways(trusted(tmp_path), server.port))
        hop = await asking.hop(XML, request(Ask.XML_GET, "ann@acme.example"))
    assert isinstance(hop, Page)
    assert hop.url == XML
    assert server.visits[0].headers["host"] == NAME
    assert asking.dialled(f"https://{NAME}:8443/x") == f"https://{NAME}:8443/x"
    assert asking.dialled("https://[::1]/x") == f"https://[::1]:{server.port}/x"


async def test_the_password_goes_over_tls_alone(names: Misfit, tmp_path: Path) -> None:
    secret = Credentials("ann", "geheim-ü")
    async with stranger(CHALLENGE) as plain, stranger(CHALLENGE, sound(NAME)) as secure:
        asking = asker(names, Ways(trusted(tmp_path), secure.port, plain.port))
        sent = request(Ask.MOBILE, "ann@acme.example")
        await asking.hop(XML.replace("https", "http"), sent, secret)
        signed = await asking.hop(XML, sent, secret)
    assert "authorization" not in plain.visits[0].headers
    assert secure.visits[0].headers["authorization"] == secret.header
    assert isinstance(signed, Page)
    assert signed.signed_in
    assert "geheim" not in repr(secret) + repr(signed)


async def test_redirects_are_followed_and_no_longer_than_clients_do(names: Misfit, tmp_path: Path) -> None:
    def onwards(visit: Visit) -> bytes:
        return answer(
            "302 Found", f"Location: https://{NAME}/{len(server.visits)}/autodiscover/autodiscover.xml"
        )

    async with stranger(onwards, sound(NAME)) as server:
        asking = asker(names, Ways(trusted(tmp_path), server.port))
        trail = await asking.trail(XML, request(Ask.XML_POST, "ann@acme.example"))
    assert (trail.stop, len(trail.hops)) == (Stop.TOO_MANY, 11)
    assert {visit.method for visit in server.visits} == {"POST"}


async def test_nobody_there_and_no_such_name(names: Misfit, tmp_path: Path) -> None:
    asking = asker(names, Ways(trusted(tmp_path), 9))
    hop = await asking.hop(XML, request(Ask.XML_GET, "ann@acme.example"))
    assert isinstance(hop, Silence)
    assert hop.trouble is Trouble.REFUSED
    hop = await asking.hop("https://gone.acme.example/", request(Ask.XML_GET, "ann@acme.example"))
    assert isinstance(hop, Silence)
    assert hop.trouble is Trouble.NO_ADDRESS


async def test_a_target_that_is_no_address(names: Misfit) -> None:
    hop = await asker(names, Ways()).hop("https://", request(Ask.XML_GET, "ann@acme.example"))
    assert isinstance(hop, Silence)
    assert hop.trouble is Trouble.BROKEN


@pytest.mark.parametrize(
    ("location", "stop"),
    [
        ("", Stop.NO_LOCATION),
        ("https://other.example/autodiscover/autodiscover.xml", None),
        ("https://other.example/AutoDiscover/AutoDiscover.XML?x=1", None),
        (SVC, Stop.WRONG_SUFFIX),
        ("https://other.example/login", Stop.NOT_AUTODISCOVER),
        ("https://other.example/", Stop.NOT_AUTODISCOVER),
        ("http://other.example/autodiscover/autodiscover.xml", Stop.NOT_HTTPS),
        ("ftp://other.example/autodiscover.xml", Stop.NOT_HTTPS),
        ("https://[/autodiscover.xml", Stop.NO_LOCATION),
        ("https://m\xe4il.example/autodiscover/autodiscover.xml", Stop.NO_LOCATION),
        ("https://mail.example/\udce4/autodiscover/autodiscover.xml", Stop.NO_LOCATION),
        ("https://mail.example/a\x7f/autodiscover/autodiscover.xml", Stop.NO_LOCATION),
        (XML, Stop.LOOP),
        ("/autodiscover/autodiscover.xml", Stop.LOOP),
    ],
)
def test_which_redirects_a_client_refuses(location: str, stop: Stop | None) -> None:
    page = Page("GET", XML, 302, {"location": location} if location else {})
    assert refusal(page, target_of(page), [XML]) is stop


def test_every_reason_has_its_trouble() -> None:
    assert set(_TROUBLES) == set(Reason)
