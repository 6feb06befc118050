"""The discovery algorithm of each family of clients as data (spec/autodiscover.md 6).

A family is an ordered list of steps. A step says where the client asks and what; how the client goes on after
each outcome is ``moves``, and where neither the step nor the family says anything else the client goes on
with the next step. Steps are in the order in which the client prefers their answers, also where it asks in
parallel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from gateway.doctor.observations import Ask, Place


class Outcome(Enum):
    """What a step brought; the value is for people."""

    ANSWERED = "answers with a configuration"
    CHALLENGED = "asks for the password"
    FOREIGN = "answers for somebody else's servers"
    OPEN = "answers without a password"
    UNSUITED = "answers without what this client speaks"
    ERROR = "knows no configuration"
    ODD_CHALLENGE = "asks for a password in no way that is known here"
    DENIED = "refuses the password"
    HTML = "answers with a web page"
    BROKEN = "answers what cannot be read"
    ABSENT = "has nothing there"
    FAILED = "fails"
    BAD_REDIRECT = "redirects where no client follows"
    REDIRECTED = "redirects, which this client does not follow here"
    IPV6_ONLY = "has no A record, and this client knows no other"
    SILENT = "does not answer"


class Move(Enum):
    """What the client does then."""

    SUCCEED = "configures itself"
    GO_ON = "goes on"
    GIVE_UP = "gives up"
    MISLED = "is misled"


USUAL: Mapping[Outcome, Move] = MappingProxyType(
    {
        Outcome.ANSWERED: Move.SUCCEED,
        Outcome.CHALLENGED: Move.SUCCEED,
        Outcome.FOREIGN: Move.MISLED,
        Outcome.OPEN: Move.SUCCEED,
    }
)
"""What nearly every client does; everything else makes it go on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a client.

    Attributes:
        optional: its answer helps and its absence hurts nobody (JSON before XML).
    """

    place: Place
    ask: Ask
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """Clients that discover alike.

    Attributes:
        name: for the option ``--family``. title: whom it stands for.
        takes: protocol types of the outlook schema that it can use; empty where that does not matter.
        follows: it follows a redirect that https gives to an anonymous request.
        ipv4_only: it knows A records alone.
        starts_again: it follows an answer that names another address.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    moves: Mapping[Outcome, Move] = field(default_factory=lambda: USUAL)
    takes: frozenset[str] = frozenset()
    follows: bool = True
    ipv4_only: bool = False
    starts_again: bool = True

    def move(self, outcome: Outcome) -> Move:
        return self.moves.get(outcome, Move.GO_ON)


def _at(ask: Ask, *places: Place) -> tuple[Step, ...]:
    return tuple(Step(place, ask) for place in places)


def _first(ask: Ask, *places: Place) -> tuple[Step, ...]:
    return tuple(Step(place, ask, optional=True) for place in places)


APEX, NAME, PORT_80, SRV = Place.APEX, Place.AUTODISCOVER, Place.PORT_80, Place.SRV
EWS_TYPES = frozenset({"EXCH", "EXPR"})
MAIL_TYPES = frozenset({"IMAP", "POP3"})

FAMILIES: tuple[Family, ...] = (
    Family(
        "outlook",
        "Outlook for Windows, classic (6.1)",
        (
            *_first(Ask.JSON_PATH, APEX, NAME),
            *_at(Ask.OUTLOOK, APEX, NAME, PORT_80, SRV),
        ),
        takes=EWS_TYPES | MAIL_TYPES | {"mapiHttp", "EXHTTP"},
    ),
    Family(
        "outlook-mobile",
        "Outlook for iOS and Android, new Outlook, Nine (5.1, 6.9)",
        (*_first(Ask.JSON_MOBILE, APEX, NAME), *_at(Ask.MOBILE, APEX, NAME, PORT_80)),
    ),
    Family("phone", "iOS, iPadOS, Android and Samsung Mail (6.9)", _at(Ask.MOBILE, APEX, NAME, PORT_80)),
    Family(
        "mac",
        "Apple Mail and Outlook on macOS (6.9)",
        (*_first(Ask.JSON_EWS, APEX, NAME), *_at(Ask.EWS_XML, APEX, NAME, PORT_80)),
        takes=EWS_TYPES,
    ),
    Family(
        "thunderbird",
        "Thunderbird (6.4)",
        (
            *_at(Ask.CONFIG, Place.AUTOCONFIG, Place.WELL_KNOWN, Place.AUTOCONFIG_80, Place.MX),
            *_at(Ask.EWS_XML, NAME, APEX, PORT_80, SRV),
        ),
        takes=MAIL_TYPES | {"EXCH", "EXHTTP", "WEB"},
    ),
    Family(
        "k9",
        "Thunderbird for Android, K-9, FairEmail (6.5)",
        _at(Ask.CONFIG_BARE, Place.AUTOCONFIG, Place.WELL_KNOWN, Place.AUTOCONFIG_80, Place.MX),
    ),
    Family(
        "evolution",
        "Evolution and GNOME Online Accounts (6.6)",
        (*_at(Ask.CONFIG, Place.AUTOCONFIG, Place.WELL_KNOWN), *_at(Ask.EWS_XML, APEX, NAME, SRV)),
        takes=EWS_TYPES,
    ),
    Family("tbsync", "TbSync for Thunderbird (6.9)", _at(Ask.MOBILE, NAME, APEX)),
    Family(
        "ews",
        "EWS Managed API and its ports (6.2)",
        _at(Ask.SETTINGS, APEX, NAME, PORT_80, SRV),
    ),
    Family(
        "exchangelib",
        "exchangelib (6.3)",
        _at(Ask.SETTINGS, APEX, NAME, PORT_80, SRV),
        follows=False,
        ipv4_only=True,
    ),
    Family(
        "npm",
        "npm autodiscover-activesync (6.7)",
        _at(Ask.MOBILE, APEX, NAME, PORT_80),
        moves=MappingProxyType({**USUAL, Outcome.HTML: Move.GIVE_UP}),
        follows=False,
        starts_again=False,
    ),
)
"""Every family, the most used first."""

BY_NAME: Mapping[str, Family] = MappingProxyType({family.name: family for family in FAMILIES})
