"""Every way in which a domain can lead a client to its server: one table (spec/autodiscover.md 6, issue 3).

A scenario is a mail domain with its DNS records and one person in it. The gateway answers at ``GATEWAY``
with a certificate for the names that say so; ``PLAIN`` has the gateway's port 80 alone; ``SITE`` and
``PARKED`` are web sites of somebody who knows nothing of mail.
"""

from base64 import b64encode
from dataclasses import dataclass

from tests.support.netlab_dns import Record

GATEWAY, PLAIN, SITE, PARKED = "10.99.0.1", "10.99.0.2", "10.99.0.3", "10.99.0.4"
PUBLIC = "mail.usher.test"
EWS = f"https://{PUBLIC}/EWS/Exchange.asmx"
PASSWORD, WRONG = "Correct-horse-1", "Battery-staple-2"
SECRETS = (PASSWORD, WRONG)


@dataclass(frozen=True)
class Scenario:
    """One domain and the person who is looked for.

    Attributes:
        records: what the domain publishes, besides the records of ``COMMON``.
        certified: names in the gateway's certificate.
        further: those of them that do not follow from the domain, ``extra_hosts`` of the configuration.
        site: names in the web sites' certificate.
        primary: the primary address, where the one that the client knows is an alias.
        password: what the person types.
        plain: whether there is no way but by port 80, so that every client must have asked there.
        confirmed: whether a careful client asks before it sends the password to the site it is led to.
        found: whether AutoDiscover leads to a server.
        backend: the mail server behind; ``post`` has IMAP and SMTP besides EWS.
    """

    name: str
    address: str
    records: tuple[Record, ...] = ()
    certified: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    primary: str = ""
    password: str = PASSWORD
    plain: bool = False
    confirmed: bool = False
    found: bool = True
    backend: str = "default"

    @property
    def mailbox(self) -> str:
        """The address that the client should end with."""
        return self.primary or self.address

    @property
    def domains(self) -> tuple[str, ...]:
        """The mail domains that the gateway serves for it."""
        return tuple(dict.fromkeys(name.partition("@")[2] for name in (self.address, self.mailbox)))


COMMON = (Record(PUBLIC, "A", GATEWAY),)

SCENARIOS = (
    Scenario(
        "apex only",
        "alice@apex.test",
        (Record("apex.test", "A", GATEWAY),),
        certified=("apex.test",),
    ),
    Scenario(
        "autodiscover only",
        "alice@host.test",
        (Record("autodiscover.host.test", "A", GATEWAY),),
        certified=("autodiscover.host.test",),
    ),
    Scenario(
        "everything that a domain should publish",
        "alice@whole.test",
        (
            Record("whole.test", "A", SITE),
            Record("whole.test", "MX", PUBLIC),
            Record("autodiscover.whole.test", "A", GATEWAY),
            Record("autoconfig.whole.test", "A", GATEWAY),
            Record("_autodiscover._tcp.whole.test", "SRV", "0 0 443 autodiscover.whole.test"),
        ),
        certified=("autodiscover.whole.test", "autoconfig.whole.test"),
        site=("whole.test",),
    ),
    Scenario(
        "a web site at the apex, 404",
        "alice@site.test",
        (Record("site.test", "A", SITE), Record("autodiscover.site.test", "A", GATEWAY)),
        certified=("autodiscover.site.test",),
        site=("site.test",),
    ),
    Scenario(
        "a web site at the apex, 200 everywhere",
        "alice@parked.test",
        (Record("parked.test", "A", PARKED), Record("autodiscover.parked.test", "A", GATEWAY)),
        certified=("autodiscover.parked.test",),
        site=("parked.test",),
    ),
    Scenario(
        "port 80 only",
        "alice@plain.test",
        (Record("autodiscover.plain.test", "A", PLAIN),),
        plain=True,
        confirmed=True,
    ),
    Scenario(
        "CNAME to a host without a certificate for the name",
        "alice@cname.test",
        (Record("autodiscover.cname.test", "CNAME", PUBLIC),),
        plain=True,
        confirmed=True,
    ),
    Scenario(
        "SRV to another site",
        "alice@srv.test",
        (Record("_autodiscover._tcp.srv.test", "SRV", f"0 0 443 {PUBLIC}"),),
        confirmed=True,
    ),
    Scenario(
        "SRV within the domain",
        "alice@srvown.test",
        (
            Record("_autodiscover._tcp.srvown.test", "SRV", "0 0 443 mail.srvown.test"),
            Record("mail.srvown.test", "A", GATEWAY),
        ),
        certified=("mail.srvown.test",),
        further=("mail.srvown.test",),
    ),
    Scenario(
        "address redirect",
        "alice@old.test",
        (
            Record("autodiscover.old.test", "A", GATEWAY),
            Record("autodiscover.new.test", "A", GATEWAY),
        ),
        certified=("autodiscover.old.test", "autodiscover.new.test"),
        primary="alice@new.test",
    ),
    Scenario(
        "wrong password",
        "bob@wrong.test",
        (Record("autodiscover.wrong.test", "A", GATEWAY),),
        certified=("autodiscover.wrong.test",),
        password=WRONG,
        found=False,
    ),
    Scenario("no record at all", "alice@nowhere.test", found=False),
    Scenario(
        "autoconfig only",
        "alice@conf.test",
        (Record("autoconfig.conf.test", "A", GATEWAY),),
        certified=("autoconfig.conf.test",),
        found=False,
        backend="post",
    ),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

THUNDERBIRD, EXCHANGELIB, MANAGED_API, ACTIVESYNC_LIBRARY = "thunderbird", "exchangelib", "ews", "npm"
"""Clients that are driven, by the names of their families in ``usher doctor``."""
SOAP_LIBRARY = "exchange-autodiscover"
"""One more, of which the doctor knows nothing."""

UNABLE = {
    ACTIVESYNC_LIBRARY: {
        "a web site at the apex, 200 everywhere": "takes the page for XML and gives up",
        "SRV to another site": "takes the target for another mail domain",
        "SRV within the domain": "takes the target for another mail domain",
        "address redirect": "does not know Redirect",
    },
    SOAP_LIBRARY: {
        "address redirect": "does not know RedirectAddress",
    },
}
"""What a client cannot do against any server."""


def finds(client: str, scenario: Scenario) -> bool:
    """Whether this client, driven for real, finds a server."""
    if client == THUNDERBIRD and scenario.name == "autoconfig only":
        return True
    return scenario.found and scenario.name not in UNABLE.get(client, {})


def leaks(said: str) -> list[str]:
    """The forms in which a password of the table occurs in a text: in clear, or in Basic credentials."""
    names = {name for scenario in SCENARIOS for name in (scenario.address, scenario.mailbox)}
    pairs = [f"{name}:{secret}" for name in sorted(names) for secret in SECRETS]
    forms = [*SECRETS, *(b64encode(pair.encode()).decode() for pair in pairs)]
    return [form for form in forms if form in said]
