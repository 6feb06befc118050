"""Which services an answer shows to whom: one table (spec/autodiscover.md 2.9, R5 to R7, product 2.4).

One answer cannot serve every client. Classic Outlook takes an EXCH block as an order to connect by MAPI,
which is not served here; the EWS libraries fail on IMAP and SMTP blocks side by side; Thunderbird takes
either.
"""

import re
from dataclasses import dataclass
from enum import Enum

from autodiscover.model import Asker, Endpoints

OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILESYNC = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"


class Offer(Enum):
    """A set of services that is shown together."""

    ACTIVESYNC = "ActiveSync"
    EWS = "Exchange Web Services"
    MAIL = "IMAP and SMTP"

    def is_served(self, endpoints: Endpoints) -> bool:
        """Whether there is anything to show."""
        match self:
            case Offer.ACTIVESYNC:
                return True
            case Offer.EWS:
                return endpoints.ews is not None
            case Offer.MAIL:
                return endpoints.imap is not None and endpoints.smtp is not None


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
    Row("Outlook for Windows that can do MAPI over HTTP", OUTLOOK, r"", True, (Offer.MAIL,)),
    Row("Outlook for Windows", OUTLOOK, r"Microsoft (Office|Outlook)/|MAPI \d", False, (Offer.MAIL,)),
    Row("Thunderbird and eM Client", OUTLOOK, r"Thunderbird|eM ?Client", False, (Offer.EWS, Offer.MAIL)),
    Row(
        "Evolution and the EWS libraries",
        OUTLOOK,
        r"Evolution|ExchangeServicesClient|exchangelib|\bews|python|node|axios|\bJava\b",
        False,
        (Offer.EWS,),
    ),
    Row("anyone else", OUTLOOK, r"", False, (Offer.EWS, Offer.MAIL)),
)


def choose(schema: str, asker: Asker, endpoints: Endpoints) -> Offer | None:
    """What to show this asker of what is served; None when nothing of it fits."""
    row = next((row for row in ROWS if row.fits(schema, asker)), None)
    if row is None:
        return None
    return next((offer for offer in row.offers if offer.is_served(endpoints)), None)
