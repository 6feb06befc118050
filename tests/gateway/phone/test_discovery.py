"""The phases of AutoDiscover against real sockets, TLS and plain."""

import base64
import contextlib

import pytest

from gateway.phone.device import Phone
from gateway.phone.discovery import MAXIMUM_REDIRECTS, basic, request, understand
from gateway.phone.errors import NotConfigured
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from tests.support.checkpoint import certificates
from tests.support.serving import ours, read_body

SETTINGS = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006">
<Culture>en:us</Culture><User><EMailAddress>alice@example.test</EMailAddress></User><Action><Settings>
<Server><Type>CertEnroll</Type><Url>https://wrong.test/</Url></Server>
<Server><Type>MobileSync</Type><Url> https://mail.test/Microsoft-Server-ActiveSync </Url></Server>
</Settings></Action></Response></Autodiscover>"""
REDIRECT = (
    SETTINGS[: SETTINGS.index("<Settings>")]
    + "<Redirect>alice@other.test</Redirect></Action></Response></Autodiscover>"
)
FAULT = """<?xml version="1.0"?><Autodiscover xmlns="x"><Response><Error Time="1" Id="2">
<ErrorCode>500</ErrorCode></Error></Response></Autodiscover>"""


class Web:
    """Answers by host name; keeps what was asked."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    async def __call__(self, scope, receive, send):
        headers = dict(scope["headers"])
        host = headers[b"host"].decode().partition(":")[0]
        body = await read_body(receive)
        self.asked.append((scope["scheme"], host, scope["method"], headers.get(b"authorization"), body))
        status, headers, text = self.answers.get((scope["scheme"], host), (404, [], ""))
        data = text.encode()
        lines = [(b"content-length", str(len(data)).encode()), *headers]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": data})


@contextlib.asynccontextmanager
async def walking(answers, identity=None):
    web = Web(answers)
    server, trust = certificates()
    hosts = ("example.test", "autodiscover.example.test", "other.test", "autodiscover.other.test")
    async with ours(web, tls=server, guarded=False) as https, ours(web, guarded=False) as http:
        connect = {(host, 443): ("127.0.0.1", https) for host in hosts}
        connect |= {(host, 80): ("127.0.0.1", http) for host in hosts}
        identity = identity or Identity("alice@example.test", "pässword", "A1")
        told = []
        async with Line(trust, connect) as line:
            yield web, Phone(identity, line, tell=told.append), told


async def test_the_domain_itself_is_asked_first_with_the_password():
    async with walking({("https", "example.test"): (200, [], SETTINGS)}) as (web, phone, told):
        assert await phone.discover() == "https://mail.test/Microsoft-Server-ActiveSync"
    (scheme, host, method, authorization, body) = web.asked[0]
    assert (scheme, host, method) == ("https", "example.test", "POST")
    assert base64.b64decode(authorization[6:]).decode() == "alice@example.test:pässword"
    assert b"<EMailAddress>alice@example.test</EMailAddress>" in body
    assert b"mobilesync/responseschema/2006" in body
    assert len(web.asked) == 1
    assert "pässword" not in "".join(event.text for event in told)


async def test_the_autodiscover_host_is_second():
    async with walking({("https", "autodiscover.example.test"): (200, [], SETTINGS)}) as (web, phone, _):
        await phone.discover()
    assert [one[1] for one in web.asked] == ["example.test", "autodiscover.example.test"]


async def test_port_80_is_asked_without_password_and_only_redirects():
    location = [(b"location", b"https://example.test/elsewhere.xml")]
    answers = {("http", "autodiscover.example.test"): (302, location, "")}
    async with walking(answers) as (web, phone, _):
        with pytest.raises(NotConfigured) as failed:
            await phone.discover()
    assert [(one[0], one[2], one[3] is not None) for one in web.asked] == [
        ("https", "POST", True),
        ("https", "POST", True),
        ("http", "GET", False),
        ("https", "POST", True),
    ]
    assert "redirects to https://example.test/elsewhere.xml" in str(failed.value)


async def test_port_80_that_answers_anything_else_counts_for_nothing():
    async with walking({("http", "autodiscover.example.test"): (200, [], SETTINGS)}) as (_, phone, _told):
        with pytest.raises(NotConfigured, match="HTTP 200, no redirect"):
            await phone.discover()


async def test_no_password_goes_to_a_plain_redirect():
    location = [(b"location", b"http://autodiscover.example.test/x")]
    async with walking({("https", "example.test"): (302, location, "")}) as (web, phone, _):
        with pytest.raises(NotConfigured, match="no password without https"):
            await phone.discover()
    assert all(one[3] is None for one in web.asked if one[0] == "http")


async def test_a_redirect_to_another_address_starts_over_there():
    answers = {("https", "example.test"): (200, [], REDIRECT)}
    async with walking(answers) as (_, phone, told):
        with pytest.raises(NotConfigured):
            await phone.discover()
    assert any("start again as alice@other.test" in event.text for event in told)


async def test_redirects_end():
    location = [(b"location", b"https://example.test/again")]
    async with walking({("https", "example.test"): (302, location, "")}) as (web, phone, _):
        with pytest.raises(NotConfigured):
            await phone.discover()
    assert len([one for one in web.asked if one[1] == "example.test"]) <= MAXIMUM_REDIRECTS + 1


async def test_an_address_that_redirects_to_itself_ends_too():
    circle = REDIRECT.replace("alice@other.test", "alice@example.test")
    async with walking({("https", "example.test"): (200, [], circle)}) as (web, phone, _):
        with pytest.raises(NotConfigured):
            await phone.discover()
    assert len(web.asked) == MAXIMUM_REDIRECTS + 1


@pytest.mark.parametrize(("body", "said"), [(FAULT, "error 500"), ("<html/>", "without a server")])
def test_what_is_no_server(body, said):
    assert understand(body.encode()) == (None, f"{said}" if "error" in said else "an answer without a server")


async def test_html_is_no_answer():
    async with walking({("https", "example.test"): (200, [], "<!DOCTYPE html><p>hello")}) as (
        _,
        phone,
        _told,
    ):
        with pytest.raises(NotConfigured, match="no AutoDiscover answer"):
            await phone.discover()


def test_the_request_escapes_the_address():
    assert b"a&amp;b@example.test" in request("a&b@example.test")


def test_basic_uses_the_login_where_there_is_one():
    identity = Identity("alice@example.test", "p", "A1", login="alice")
    assert base64.b64decode(basic(identity)[6:]) == b"alice:p"
