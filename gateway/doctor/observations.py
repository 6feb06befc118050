"""What the doctor saw, as values: the only thing that the judgement knows of the world (product 2.6).

Every request and every question to the DNS is made once, whoever of the clients would make it; the clients'
algorithms (``families``) and the faults (``examination``) read them here. No observation holds the password.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Place(Enum):
    """Where clients begin to ask; the value is a name for people."""

    APEX = "the bare domain"
    AUTODISCOVER = "the autodiscover name"
    PORT_80 = "the redirect of port 80"
    SRV = "the target of the SRV record"
    AUTOCONFIG = "the autoconfig name"
    WELL_KNOWN = "the bare domain's .well-known"
    AUTOCONFIG_80 = "the autoconfig name without TLS"
    MX = "the mail exchanger's autoconfig name"
    PACC = "the ua-auto-config name"
    ACTIVESYNC = "ActiveSync"


class Ask(Enum):
    """What is asked at a place; the value is how it is written in a report."""

    XML_GET = "GET .xml"
    PLAIN_POST = "POST .xml without TLS"
    MIXED_POST = "POST AutoDiscover.xml"
    XML_POST = "POST .xml"
    OUTLOOK = "POST .xml, schema outlook"
    EWS_XML = "POST .xml, schema outlook, as an EWS client"
    MOBILE = "POST .xml, schema mobilesync"
    SVC_GET = "GET .svc"
    SVC_POST = "POST .svc"
    SETTINGS = "POST .svc, GetUserSettings"
    JSON_FORM = "GET .json, AutodiscoverV1"
    JSON_PATH = "GET .json/v1.0/ADDRESS"
    JSON_MOBILE = "GET .json, ActiveSync"
    JSON_EWS = "GET .json, EWS"
    CONFIG = "GET config-v1.1.xml with the address"
    CONFIG_BARE = "GET config-v1.1.xml"
    PACC = "GET user-agent-configuration.json"


ANONYMOUS: Mapping[Ask, Ask] = {
    Ask.OUTLOOK: Ask.XML_POST,
    Ask.EWS_XML: Ask.XML_POST,
    Ask.MOBILE: Ask.XML_POST,
    Ask.SETTINGS: Ask.SVC_POST,
}
"""What a stranger would ask first in place of a question that needs the password."""


class Trouble(Enum):
    """Why there was no answer at all; the value is for people."""

    NO_ADDRESS = "has no address"
    REFUSED = "refuses the connection"
    TIMEOUT = "does not answer in time"
    UNREACHABLE = "cannot be reached"
    NAME_MISMATCH = "shows a certificate for other names"
    MISSING_INTERMEDIATE = "leaves out an intermediate certificate"
    EXPIRED = "shows an expired certificate"
    NOT_YET = "shows a certificate that is not valid yet"
    SELF_SIGNED = "shows a self-signed certificate"
    UNTRUSTED = "shows a certificate of an authority that is not trusted"
    HANDSHAKE = "does not complete the TLS handshake"
    BROKEN = "does not answer in HTTP"


TLS_TROUBLES = frozenset(
    {
        Trouble.NAME_MISMATCH,
        Trouble.MISSING_INTERMEDIATE,
        Trouble.EXPIRED,
        Trouble.NOT_YET,
        Trouble.SELF_SIGNED,
        Trouble.UNTRUSTED,
        Trouble.HANDSHAKE,
    }
)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer.

    Attributes:
        url: as a client writes it. headers: names in lower case.
        signed_in: the password was sent.
        until: end of the certificate's life; None without TLS.
        seconds: from the connection to the last octet.
    """

    method: str
    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    signed_in: bool = False
    until: datetime | None = None
    seconds: float = 0.0

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def redirects(self) -> bool:
        return self.status in (301, 302, 303, 307, 308)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer; ``detail`` is the observed fact, such as the names in the certificate."""

    method: str
    url: str
    trouble: Trouble
    detail: str = ""


Hop = Page | Silence


class Stop(Enum):
    """Why a redirect is not followed by a sensible client."""

    NOT_HTTPS = "not https"
    NO_LOCATION = "no Location"
    WRONG_SUFFIX = "another suffix"
    NOT_AUTODISCOVER = "another path"
    LOOP = "a loop"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class Trail:
    """One question with the redirects that were followed; ``stop`` says why the last was not."""

    hops: tuple[Hop, ...]
    stop: Stop | None = None

    @property
    def last(self) -> Hop:
        return self.hops[-1]

    @property
    def first(self) -> Hop:
        return self.hops[0]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Addresses of a host.

    Attributes:
        chain: the aliases followed, each one's target.
        failure: what the DNS said instead of addresses; empty with addresses.
        failed: it was no answer of the DNS but a failure to get one.
        deaf: IPv6 addresses that took no connection although an IPv4 address did.
    """

    host: str
    four: tuple[str, ...] = ()
    six: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    failure: str = ""
    failed: bool = False
    deaf: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return bool(self.four or self.six)


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """One ``_autodiscover._tcp`` record; ``target`` in lower case without the final dot."""

    priority: int
    weight: int
    port: int
    target: str

    def __str__(self) -> str:
        return f"{self.priority} {self.weight} {self.port} {self.target}"


class SignIn(Enum):
    """What became of the password."""

    NOT_TRIED = "there is no password to try"
    NO_PLACE = "no place asked for it in a way in which it may be sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNDECIDED = "neither accepted nor refused"


class Storage(Enum):
    """What a proxy does with bytes that should pass as they come."""

    PASSES = "passes"
    STORES = "stores"
    UNKNOWN = "unknown"


class DeviceStep(Enum):
    """What the doctor's own device did; the value is how it is written in a report."""

    OPTIONS = "OPTIONS"
    PROVISION = "Provision"
    FOLDER_SYNC = "FolderSync"
    PING = "Ping"


class DeviceEnd(Enum):
    """How a step of the doctor's own device ended."""

    DONE = "done"
    BLOCKED = "blocked"
    QUARANTINED = "quarantined"
    WIPED = "wiped"
    DOWN = "down"
    DENIED = "denied"
    CUT = "cut"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One step of the device; ``fact`` is for people."""

    step: DeviceStep
    end: DeviceEnd
    fact: str


@dataclass(frozen=True, slots=True)
class ActiveSync:
    """The ActiveSync service, as far as it was looked at.

    Attributes:
        url: where it is; empty when nothing named it. named: an answer named it, it was not guessed.
        anonymous: OPTIONS without credentials. options: OPTIONS with the password.
        requests, responses: whether what is in front stores bodies.
    """

    url: str = ""
    named: bool = False
    anonymous: Hop | None = None
    options: Hop | None = None
    requests: Storage = Storage.UNKNOWN
    responses: Storage = Storage.UNKNOWN
    device: tuple[DeviceReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Observations:
    """Everything that was seen for one address.

    Attributes:
        lookups: by host name, the address records. exchangers: MX hosts, the preferred first.
        wildcard: addresses that any name below the domain has; empty without a wildcard.
        untrusted: hosts that a redirect without TLS or an SRV record named and that got no password.
        heartbeat: seconds of the Ping; 0 for none. with_device: the device steps were asked for.
    """

    address: str
    now: datetime
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    srv: tuple[SrvRecord, ...] = ()
    srv_failure: str = ""
    exchangers: tuple[str, ...] = ()
    wildcard: tuple[str, ...] = ()
    trails: Mapping[tuple[Place, Ask], Trail] = field(default_factory=dict)
    sign_in: SignIn = SignIn.NOT_TRIED
    sign_in_url: str = ""
    untrusted: tuple[str, ...] = ()
    activesync: ActiveSync = field(default_factory=ActiveSync)
    with_device: bool = False
    heartbeat: int = 0

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def autodiscover(self) -> str:
        return f"autodiscover.{self.domain}"
