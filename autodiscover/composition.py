"""Which services an answer shows to whom: one table (spec/autodiscover.md 2.9, R5 to R7, product 2.4).

One answer cannot serve every client. Classic Outlook takes an EXCH block as an order to connect by MAPI,
which only some backends serve; the EWS libraries fail on IMAP and SMTP blocks side by side; Thunderbird takes
either. POP3 is shown only where IMAP is not served: a client that is offered both may empty the server.
"""

import re
from dataclasses import dataclass
from enum import Enum

from autodiscover.model import Asker, Endpoints

OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILESYNC = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"

EXHTTP_INFO = "exhttpinfo"
"""Token of ``X-ClientCanHandle``, folded: the client reads EXHTTP blocks. ``negotiate``, the only other one
that is documented, permits an AuthPackage that no backend here speaks, so it changes nothing."""


class Block(Enum):
    """One Protocol or Server element, by the type that it names."""

    MOBILE_SYNC = "MobileSync"
    MAPI_HTTP = "mapiHttp"
    EXCH = "EXCH"
    EXPR = "EXPR"
    EXHTTP = "EXHTTP"
    WEB = "WEB"
    IMAP = "IMAP"
    POP3 = "POP3"
    SMTP = "SMTP"
    CALDAV = "CalDAV"
    CARDDAV = "CardDAV"


class Offer(Enum):
    """A set of services that is shown together, and its blocks in the order of the answer.

    No set has more than one type outside EXCH, EXPR and WEB beside Exchange's own services, counting mapiHttp
    as EXCH, which is how the EWS libraries read a block without a Type (R6).
    """

    ACTIVESYNC = ("ActiveSync", (Block.MOBILE_SYNC,))
    MAPI = ("MAPI over HTTP", (Block.MAPI_HTTP, Block.EXHTTP, Block.WEB))
    EWS = ("Exchange Web Services", (Block.EXCH, Block.EXPR, Block.EXHTTP, Block.WEB))
    MAIL = ("IMAP and SMTP", (Block.IMAP, Block.POP3, Block.SMTP))
    GROUPWARE = (
        "IMAP and SMTP, CalDAV and CardDAV",
        (Block.IMAP, Block.POP3, Block.SMTP, Block.CALDAV, Block.CARDDAV),
    )

    def __init__(self, title: str, blocks: tuple[Block, ...]) -> None:
        self.title = title
        self.blocks = blocks

    def is_served(self, endpoints: Endpoints) -> bool:
        """Whether there is anything to show."""
        match self:
            case Offer.ACTIVESYNC:
                return True
            case Offer.MAPI:
                return endpoints.mapi is not None
            case Offer.EWS:
                return endpoints.ews is not None
            case Offer.MAIL | Offer.GROUPWARE:
                incoming = endpoints.imap is not None or endpoints.pop3 is not None
                return incoming and endpoints.smtp is not None

    def shown(self, asker: Asker, endpoints: Endpoints) -> tuple[Block, ...]:
        """The blocks that this asker is shown of what is served."""
        return tuple(block for block in self.blocks if self._shows(block, asker, endpoints))

    def _shows(self, block: Block, asker: Asker, endpoints: Endpoints) -> bool:
        match block:
            case Block.MOBILE_SYNC | Block.MAPI_HTTP:
                return True
            case Block.EXCH | Block.EXPR:
                return endpoints.ews is not None
            case Block.EXHTTP:
                reads_it = self is Offer.MAPI or EXHTTP_INFO in asker.can_handle
                return reads_it and endpoints.ews is not None
            case Block.POP3:
                return endpoints.pop3 is not None and endpoints.imap is None
            case _:
                return getattr(endpoints, _SERVICES[block]) is not None


_SERVICES = {
    Block.WEB: "web_mail",
    Block.IMAP: "imap",
    Block.SMTP: "smtp",
    Block.CALDAV: "caldav",
    Block.CARDDAV: "carddav",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of client.

    Attributes:
        schema: the schema that it asks for.
        agent: searched in the User-Agent, upper and lower case equal; empty for any, none included.
        mapi_http: True when the row is only for those who announce MAPI over HTTP.
        offers: in order of preference; the first that is served is shown, and nothing else.
    """

    client: str
    schema: str
    agent: str
    mapi_http: bool
    offers: tuple[Offer, ...]

    def fits(self, schema: str, asker: Asker) -> bool:
        return (
            schema == self.schema
            and (asker.mapi_http > 0 or not self.mapi_http)
            and re.search(self.agent, asker.user_agent, re.IGNORECASE) is not None
        )


ROWS: tuple[Row, ...] = (
    Row("phones, Windows Mail, the new Outlook", MOBILESYNC, r"", False, (Offer.ACTIVESYNC,)),
    Row("Outlook for Mac", OUTLOOK, r"MacOutlook", False, (Offer.EWS,)),
    Row("Outlook for Windows with MAPI over HTTP", OUTLOOK, r"", True, (Offer.MAPI, Offer.MAIL)),
    Row("Outlook for Windows", OUTLOOK, r"Microsoft (Office|Outlook)/|MAPI \d", False, (Offer.MAIL,)),
    Row("eM Client", OUTLOOK, r"eM ?Client", False, (Offer.EWS, Offer.GROUPWARE)),
    Row("Thunderbird", OUTLOOK, r"Thunderbird", False, (Offer.EWS, Offer.MAIL)),
    Row(
        "Evolution and the EWS libraries",
        OUTLOOK,
        r"Evolution|ExchangeServicesClient|exchangelib|\bews|python|node|axios|\bJava\b",
        False,
        (Offer.EWS,),
    ),
    Row("anyone else", OUTLOOK, r"", False, (Offer.EWS, Offer.MAIL)),
)
"""Read from the top: the first row that fits counts."""


def choose(schema: str, asker: Asker, endpoints: Endpoints) -> Offer | None:
    """What to show this asker of what is served; None when nothing of it fits."""
    row = next((row for row in ROWS if row.fits(schema, asker)), None)
    if row is None:
        return None
    return next((offer for offer in row.offers if offer.is_served(endpoints)), None)
