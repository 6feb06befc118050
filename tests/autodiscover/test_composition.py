"""The composition table, row by row and as a whole (spec/autodiscover.md 2.9, 6.10, R5 to R7)."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from autodiscover import outlook
from autodiscover.composition import MOBILESYNC, OUTLOOK, ROWS, Block, Offer, choose
from autodiscover.model import Asker, Endpoints, Mailbox, MailServer
from autodiscover.xmltext import Element

PAGE = Path(__file__).parents[2] / "docs" / "autodiscover.md"
EAS = "https://usher.example/Microsoft-Server-ActiveSync"
EWS_URL = "https://mail.example/EWS/Exchange.asmx"
IMAP, SMTP = MailServer("mail.example", 993), MailServer("mail.example", 465)
ALL = {
    "ews": EWS_URL,
    "mapi": "https://mail.example/mapi/emsmdb/",
    "oab": "https://mail.example/OAB/1/",
    "imap": IMAP,
    "pop3": MailServer("mail.example", 995),
    "smtp": SMTP,
    "web_mail": "https://mail.example/owa/",
    "caldav": "https://mail.example/caldav/",
    "carddav": "https://mail.example/carddav/",
}
BARE = Endpoints(EAS)
EWS = Endpoints(EAS, ews=EWS_URL)
MAIL = Endpoints(EAS, imap=IMAP, smtp=SMTP)
BOTH = Endpoints(EAS, ews=EWS_URL, imap=IMAP, smtp=SMTP)
EVERYTHING = Endpoints(EAS, **ALL)  # type: ignore[arg-type]  # by name

CLASSIC = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"
MAPI = "Microsoft Office/16.0 (Windows NT 10.0; MAPI 16.0.17328; Pro)"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"

# row, User-Agent, X-MapiHttpCapability, and what it gets of: nothing, EWS, mail, both, everything
SEEN = [
    ("Outlook for Mac", "MacOutlook/16.89.24090815 (Intelx64 Mac OS X Version 14.6)", 0, "-E-EE"),
    ("Outlook for Windows with MAPI over HTTP", CLASSIC, 1, "--MMX"),
    ("Outlook for Windows with MAPI over HTTP", MAPI, 2, "--MMX"),
    ("Outlook for Windows", CLASSIC, 0, "--MMM"),
    ("Outlook for Windows", MAPI, 0, "--MMM"),
    ("eM Client", "eM Client/9.2", 0, "-EGEE"),
    ("Thunderbird", THUNDERBIRD, 0, "-EMEE"),
    ("Evolution and the EWS libraries", "Evolution/3.46.4", 0, "-E-EE"),
    ("Evolution and the EWS libraries", "ExchangeServicesClient/2.2", 0, "-E-EE"),
    ("Evolution and the EWS libraries", "exchangelib/5.6.0 (python-requests/2.34.2)", 0, "-E-EE"),
    ("Evolution and the EWS libraries", "axios/1.7", 0, "-E-EE"),
    ("anyone else", "", 0, "-EMEE"),
    ("anyone else", "curl/7.88.1", 0, "-EMEE"),
]
MEANING = {"-": None, "E": Offer.EWS, "M": Offer.MAIL, "G": Offer.GROUPWARE, "X": Offer.MAPI}


@pytest.mark.parametrize(("client", "agent", "mapi", "expected"), SEEN)
def test_each_client_meets_its_row(client: str, agent: str, mapi: int, expected: str) -> None:
    asker = Asker(agent, mapi)
    assert next(row.client for row in ROWS if row.fits(OUTLOOK, asker)) == client


@pytest.mark.parametrize(("client", "agent", "mapi", "expected"), SEEN)
def test_each_client_gets_what_fits_it(client: str, agent: str, mapi: int, expected: str) -> None:
    asker = Asker(agent, mapi)
    assert [choose(OUTLOOK, asker, served) for served in (BARE, EWS, MAIL, BOTH, EVERYTHING)] == [
        MEANING[letter] for letter in expected
    ]


@pytest.mark.parametrize("agent", ["", "Android/0.3", "OutlookMobileCloudService-Autodetect/1.0.0", CLASSIC])
def test_the_mobilesync_schema_always_gets_activesync(agent: str) -> None:
    assert choose(MOBILESYNC, Asker(agent, mapi_http=1), BOTH) is Offer.ACTIVESYNC


def test_every_row_is_met_by_some_client() -> None:
    met = {client for client, *_ in SEEN} | {ROWS[0].client}
    assert met == {row.client for row in ROWS}


def test_an_unknown_schema_gets_nothing() -> None:
    assert choose("urn:other", Asker(), BOTH) is None


def test_mail_needs_both_directions() -> None:
    assert choose(OUTLOOK, Asker(), Endpoints(EAS, imap=IMAP)) is None
    assert choose(OUTLOOK, Asker(), Endpoints(EAS, smtp=SMTP)) is None


def test_pop3_is_shown_only_where_there_is_no_imap() -> None:
    assert Offer.MAIL.shown(Asker(), EVERYTHING) == (Block.IMAP, Block.SMTP)
    without = Endpoints(EAS, pop3=IMAP, smtp=SMTP)
    assert choose(OUTLOOK, Asker(CLASSIC), without) is Offer.MAIL
    assert Offer.MAIL.shown(Asker(), without) == (Block.POP3, Block.SMTP)


def test_exhttp_is_for_those_who_say_that_they_read_it_and_for_mapi() -> None:
    assert Block.EXHTTP not in Offer.EWS.shown(Asker(can_handle=frozenset({"negotiate"})), EWS)
    assert Block.EXHTTP in Offer.EWS.shown(Asker(can_handle=frozenset({"exhttpinfo"})), EWS)
    assert Offer.MAPI.shown(Asker(mapi_http=1), EVERYTHING)[:2] == (Block.MAPI_HTTP, Block.EXHTTP)


# The rules over every row and every combination of services.


def combinations() -> Iterator[Endpoints]:
    for chosen in itertools.product((False, True), repeat=len(ALL)):
        served = {
            name: value for (name, value), is_chosen in zip(ALL.items(), chosen, strict=True) if is_chosen
        }
        yield Endpoints(EAS, **served)  # type: ignore[arg-type]  # by name


def answers(agent: str, mapi: int) -> Iterator[tuple[Endpoints, Element, list[str]]]:
    """Every answer that this client can get, and the types in it as the EWS libraries count them (R6)."""
    for served in combinations():
        for tokens in (frozenset[str](), frozenset({"exhttpinfo", "negotiate"})):
            asker = Asker(agent, mapi, tokens)
            offer = choose(OUTLOOK, asker, served)
            if offer is not None:
                response = outlook.compose(Mailbox("ann@example.org", "Ann", served), offer, asker)
                yield served, response, types(response)


def types(response: Element) -> list[str]:
    (account,) = response.findall("Account")
    found = [protocol.findall("Type") for protocol in account.findall("Protocol")]
    return [kind[0].text if kind else "EXCH" for kind in found]


def texts(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, Element):
            yield from texts(child)
        else:
            yield child


CLIENTS = [pytest.param(agent, mapi, id=f"{number}") for number, (_, agent, mapi, _) in enumerate(SEEN)]


@pytest.mark.parametrize(("agent", "mapi"), CLIENTS)
def test_golden_15_no_answer_is_fatal_to_an_ews_library(agent: str, mapi: int) -> None:
    """R6: no type twice, and one type at most that they do not know; where EWS is shown, to whomever."""
    for _, _, kinds in answers(agent, mapi):
        assert max(Counter(kinds).values()) == 1
        if "EXCH" in kinds or "EXPR" in kinds:
            assert len(set(kinds) - {"EXCH", "EXPR", "WEB"}) <= 1


@pytest.mark.parametrize(("agent", "mapi"), CLIENTS)
def test_whoever_is_shown_ews_is_shown_it_twice_with_both_urls(agent: str, mapi: int) -> None:
    """R5."""
    for served, response, _ in answers(agent, mapi):
        (account,) = response.findall("Account")
        blocks = {
            kind[0].text: protocol
            for protocol in account.findall("Protocol")
            if (kind := protocol.findall("Type"))
        }
        assert ("EXCH" in blocks) == ("EXPR" in blocks)
        for kind in blocks.keys() & {"EXCH", "EXPR", "EXHTTP"}:
            urls = [blocks[kind].findall(name)[0].text for name in ("ASUrl", "EwsUrl", "OOFUrl")]
            assert urls == [served.ews] * 3
            assert bool(blocks[kind].findall("OABUrl")) == (served.oab is not None)


@pytest.mark.parametrize(("agent", "mapi"), CLIENTS)
def test_nothing_that_is_not_served_is_advertised(agent: str, mapi: int) -> None:
    for served, response, _ in answers(agent, mapi):
        urls = {getattr(served, each.name) for each in fields(served)}
        urls.add((served.mapi or "").replace("emsmdb", "nspi"))
        assert {text for text in texts(response) if "://" in text} <= urls


@pytest.mark.parametrize("agent", [CLASSIC, MAPI])
def test_classic_outlook_never_gets_an_order_to_connect_by_mapi_that_fails(agent: str) -> None:
    """R7."""
    for _, _, kinds in answers(agent, 0):
        assert not {"EXCH", "EXPR", "EXHTTP"} & set(kinds)
    for served, response, _ in answers(agent, 1):
        marked = [block for block in response.findall("Account")[0].findall("Protocol") if block.attributes]
        assert bool(marked) == (served.mapi is not None)


def test_one_answer_cannot_serve_everyone() -> None:
    shown = {
        tuple(kinds)
        for _, agent, mapi, _ in SEEN
        for served, _, kinds in answers(agent, mapi)
        if served == EVERYTHING
    }
    assert len(shown) >= 4


def test_the_page_for_people_shows_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for number, row in enumerate(ROWS, 1):
        schema = "mobilesync" if row.schema == MOBILESYNC else "outlook"
        agent = (row.agent or "any").replace("|", "\\|")
        mapi = "yes" if row.mapi_http else "-"
        offers = ", else ".join(offer.title for offer in row.offers)
        assert f"| {number} | {row.client} | {schema} | `{agent}` | {mapi} | {offers} |" in text
    for offer in Offer:
        assert f"| {offer.title} | {', '.join(block.value for block in offer.blocks)} |" in text
