"""What real clients did in the laboratory, held against this server where the server decides.

The names are those of the observations in spec/autodiscover.md and autodiscover-clients.md: T of Thunderbird,
E of Evolution, the others of exchangelib and the npm libraries. Those that only DNS or a web site at the apex
decide belong to the doctor; T10 to T13 to autoconfig.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from autodiscover import match
from gateway.endpoints.discovery import DiscoveryEndpoint
from gateway.endpoints.redirect import PlainRedirect
from gateway.endpoints.threads import Threads
from tests.support import discovery_world as world
from tests.support.discovery_world import EWS, Exchange, ask, login
from tests.support.gateway import Gateway

XML, SVC = "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"
SPACE = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
THUNDERBIRD, EVOLUTION = "Thunderbird/153.7.0", "Evolution/3.46.4"
PORT_80 = PlainRedirect("usher.example", {"autodiscover.example.org"}.__contains__)
PROBE = "DUMMY@example.com"


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiscoveryEndpoint]:
    threads, store = Threads(), world.inhabited(tmp_path_factory.mktemp("store"))
    yield world.endpoint(store, Clock(), threads)
    threads.close()
    store.close()


async def pox(endpoint: DiscoveryEndpoint, user: str, agent: str) -> list[dict[str, str]]:
    """The Protocol blocks that a client gets: the names of their leaves with the text."""
    body = (
        f"<Autodiscover><Request><EMailAddress>{user}@example.org</EMailAddress>"
        f"<AcceptableResponseSchema>{OUTLOOK}</AcceptableResponseSchema></Request></Autodiscover>"
    )
    headers = (login(f"{user}@example.org"), (b"user-agent", agent.encode()))
    exchange = await ask(endpoint, body.encode(), headers=headers)
    assert exchange.status == 200
    account = next(ET.fromstring(exchange.body).iter(f"{{{OUTLOOK}}}Account"))  # noqa: S314 - our own
    return [
        {leaf.tag.rpartition("}")[2]: leaf.text or "" for leaf in block.iter() if not len(leaf)}
        for block in account.findall(f"{{{OUTLOOK}}}Protocol")
    ]


async def soap(endpoint: DiscoveryEndpoint, address: str, *headers: tuple[bytes, bytes]) -> Exchange:
    """exchangelib's request; anonymous without a header."""
    body = (
        f'<Envelope xmlns:a="{SPACE}"><Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User>'
        f"<a:Mailbox>{address}</a:Mailbox></a:User></a:Users><a:RequestedSettings>"
        "<a:Setting>ExternalEwsUrl</a:Setting><a:Setting>GroupingInformation</a:Setting>"
        "<a:Setting>undefined</a:Setting></a:RequestedSettings></a:Request>"
        "</a:GetUserSettingsRequestMessage></Body></Envelope>"
    )
    return await ask(endpoint, body.encode(), path=SVC, headers=headers)


async def test_t1_t15_t16_thunderbird_finds_an_ews_url_in_exch(endpoint: DiscoveryEndpoint) -> None:
    """EXPR alone, EXCH with ASUrl alone and an empty EwsUrl all led to nothing."""
    blocks = {block["Type"]: block for block in await pox(endpoint, "alice", THUNDERBIRD)}
    assert blocks["EXCH"]["EwsUrl"] == EWS


async def test_t2_the_web_block_says_external(endpoint: DiscoveryEndpoint) -> None:
    web = [block for block in await pox(endpoint, "hugo", THUNDERBIRD) if "OWAUrl" in block]
    assert [(block["OWAUrl"], block["ASUrl"]) for block in web] == [("https://mail.example/owa/", EWS)]


async def test_t3_mail_without_ews_is_imap_and_smtp_with_the_whole_login(endpoint: DiscoveryEndpoint) -> None:
    blocks = {block["Type"]: block for block in await pox(endpoint, "ivy", THUNDERBIRD)}
    assert set(blocks) == {"IMAP", "SMTP"}
    assert (blocks["SMTP"]["Port"], blocks["SMTP"]["Encryption"], blocks["SMTP"]["SPA"]) == (
        *("587", "TLS"),
        "off",
    )
    assert {block["LoginName"] for block in blocks.values()} == {"ivy@example.org"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", [XML, SVC, "/AutoDiscover/AutoDiscover.XML"])
async def test_t5_t9_h2_whoever_comes_without_a_password_gets_401_and_never_a_page_or_a_redirect(
    endpoint: DiscoveryEndpoint, method: str, path: str
) -> None:
    """A 200 is the end for Thunderbird; exchangelib does not follow a 302 on its probe."""
    exchange = await ask(endpoint, method=method, path=path, headers=())
    assert (exchange.status, exchange.body) == (401, b"")
    assert re.fullmatch(r'Basic realm="[^"]+"', exchange.headers["www-authenticate"])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", [XML, SVC])
async def test_t5_b_d_port_80_redirects_to_the_same_suffix_on_the_same_site_and_asks_for_nothing(
    method: str, path: str
) -> None:
    exchange = await ask(
        PORT_80, b"<x/>", method=method, path=path, headers=((b"host", b"autodiscover.example.org"),)
    )
    assert exchange.status == 302
    assert exchange.headers["location"] == f"https://autodiscover.example.org{path}"
    assert "www-authenticate" not in exchange.headers
    assert exchange.received == 0


async def test_t6_t7_only_a_mailbox_elsewhere_is_redirected(endpoint: DiscoveryEndpoint) -> None:
    """A redirect to another site makes Thunderbird ask its user."""
    for user in ("alice", "bob", "hugo", "ivy"):
        assert await pox(endpoint, user, THUNDERBIRD)


@pytest.mark.parametrize("path", ["/", "/index.html", "/autodiscover/", "/autodiscover/autodiscover"])
async def test_t14_g_d_no_other_path_has_a_page(gateway: Gateway, path: str) -> None:
    """An apex that answers 200 HTML crashes a npm library and stops others."""
    assert match(path) is None
    answer = await gateway.phones.ask("GET", f"http://127.0.0.1:{gateway.port}{path}")
    assert (answer.http, answer.body) == (404, b"")


async def test_e3_evolution_gets_expr_and_exch_and_no_exhttp(endpoint: DiscoveryEndpoint) -> None:
    kinds = [block["Type"] for block in await pox(endpoint, "hugo", EVOLUTION)]
    assert kinds[:2] == ["EXCH", "EXPR"]
    assert "EXHTTP" not in kinds


async def test_e8_no_address_book_is_advertised_where_none_is_served(endpoint: DiscoveryEndpoint) -> None:
    assert not any("OABUrl" in block for block in await pox(endpoint, "alice", EVOLUTION))
    assert all("OABUrl" in block for block in (await pox(endpoint, "hugo", EVOLUTION))[:2])


async def test_c_exchangelib_looks_at_a_redirect_target_with_head(endpoint: DiscoveryEndpoint) -> None:
    assert (await ask(endpoint, method="HEAD", path=SVC, headers=())).status == 401


async def test_the_probe_for_nobody_gets_the_challenge_it_looks_for(endpoint: DiscoveryEndpoint) -> None:
    exchange = await soap(endpoint, PROBE, (b"x-anchormailbox", PROBE.encode()))
    assert (exchange.status, exchange.headers["www-authenticate"]) == (401, 'Basic realm="Usher"')


async def test_a_missing_setting_is_harmless_and_the_address_always_there(
    endpoint: DiscoveryEndpoint,
) -> None:
    exchange = await soap(endpoint, "alice@example.org", login("alice@example.org"))
    assert exchange.status == 200
    assert b"<Name>AutoDiscoverSMTPAddress</Name><Value>alice@example.org</Value>" in exchange.body
    codes = re.findall(rb"<UserSettingError><ErrorCode>(\w+)<", exchange.body)
    assert codes == [b"SettingIsNotAvailable", b"InvalidSetting"]


async def test_redirect_address_is_followed_with_the_original_login(endpoint: DiscoveryEndpoint) -> None:
    first = await soap(endpoint, "erin@example.org", login("erin@example.org"))
    assert b"<RedirectTarget>erin@other.example</RedirectTarget>" in first.body
    second = await soap(endpoint, "erin@other.example", login("erin@example.org"))
    assert b"<Name>ExternalEwsUrl</Name>" in second.body


async def test_redirect_url_is_a_svc_on_the_foreign_server(endpoint: DiscoveryEndpoint) -> None:
    exchange = await soap(endpoint, "gina@example.org", login("gina@example.org"))
    assert b"<RedirectTarget>https://exchange.example/autodiscover/autodiscover.svc<" in exchange.body


async def test_an_unknown_user_is_invalid_user_whoever_it_is(endpoint: DiscoveryEndpoint) -> None:
    bodies = {
        (await soap(endpoint, address, login("alice@example.org"))).body
        for address in ("bob@example.org", "nobody@example.org", "erin@other.example", PROBE)
    }
    assert len(bodies) == 1
    assert b"<ErrorCode>InvalidUser</ErrorCode>" in bodies.pop()
