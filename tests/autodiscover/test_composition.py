"""The composition table, row by row (spec/autodiscover.md 2.9, 6.10)."""

import pytest

from autodiscover.composition import MOBILESYNC, OUTLOOK, ROWS, Offer, choose
from autodiscover.model import Asker, Endpoints, MailServer

EAS = "https://usher.example/Microsoft-Server-ActiveSync"
EWS_URL = "https://mail.example/EWS/Exchange.asmx"
IMAP, SMTP = MailServer("mail.example", 993), MailServer("mail.example", 465)
BARE = Endpoints(EAS)
EWS = Endpoints(EAS, ews=EWS_URL)
MAIL = Endpoints(EAS, imap=IMAP, smtp=SMTP)
BOTH = Endpoints(EAS, ews=EWS_URL, imap=IMAP, smtp=SMTP)

CLASSIC = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"
MAPI = "Microsoft Office/16.0 (Windows NT 10.0; MAPI 16.0.17328; Pro)"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"

# client's row, its User-Agent, X-MapiHttpCapability, and what it gets of: nothing, EWS, mail, both
SEEN = [
    ("Outlook for Mac", "MacOutlook/16.89.24090815 (Intelx64 Mac OS X Version 14.6)", False, "-E-E"),
    ("Outlook for Windows that can do MAPI over HTTP", CLASSIC, True, "--MM"),
    ("Outlook for Windows", CLASSIC, False, "--MM"),
    ("Outlook for Windows", MAPI, False, "--MM"),
    ("Thunderbird and eM Client", THUNDERBIRD, False, "-EME"),
    ("Thunderbird and eM Client", "eM Client/9.2", False, "-EME"),
    ("Evolution and the EWS libraries", "Evolution/3.46.4", False, "-E-E"),
    ("Evolution and the EWS libraries", "ExchangeServicesClient/2.2", False, "-E-E"),
    ("Evolution and the EWS libraries", "exchangelib/5.6.0 (python-requests/2.34.2)", False, "-E-E"),
    ("Evolution and the EWS libraries", "axios/1.7", False, "-E-E"),
    ("anyone else", "", False, "-EME"),
    ("anyone else", "curl/7.88.1", False, "-EME"),
]
MEANING = {"-": None, "E": Offer.EWS, "M": Offer.MAIL}


@pytest.mark.parametrize(("client", "agent", "mapi", "expected"), SEEN)
def test_each_client_meets_its_row(client: str, agent: str, mapi: bool, expected: str) -> None:
    asker = Asker(agent, int(mapi))
    assert next(row.client for row in ROWS if row.fits(OUTLOOK, asker)) == client


@pytest.mark.parametrize(("client", "agent", "mapi", "expected"), SEEN)
def test_each_client_gets_what_fits_it(client: str, agent: str, mapi: bool, expected: str) -> None:
    asker = Asker(agent, int(mapi))
    assert [choose(OUTLOOK, asker, served) for served in (BARE, EWS, MAIL, BOTH)] == [
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
