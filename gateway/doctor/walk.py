"""The walk from outside: every question of every family, each once, side by side (product 2.6).

Three rounds. First all that a stranger may ask. Then one place, and no other, is tried with the password, so
that a wrong one costs the account a single failed attempt. Then, if it was good, all that needs it. A healthy
deployment is through within five seconds, because nothing in a round waits for anything else.

The password goes to hosts of the mail domain, to those that such a host redirects to over https, and to those
that the caller trusts: a redirect of port 80 and an SRV record prove nothing.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from gateway.doctor import device, names, storage
from gateway.doctor.asking import Asker, Credentials, Once, Tell, Ways, refusal, target_of
from gateway.doctor.examination import below
from gateway.doctor.observations import (
    ANONYMOUS,
    ActiveSync,
    Ask,
    DeviceReport,
    Hop,
    Lookup,
    Observations,
    Page,
    Place,
    SignIn,
    SrvRecord,
    Storage,
    Trail,
)
from gateway.doctor.outcomes import AUTODISCOVERY, base_of, offers_basic, understood
from gateway.doctor.requests import ACTIVESYNC, CONFIG_PATHS, NAME, SVC, XML, Request, request
from gateway.phone.line import Line
from gateway.probes.dns import Resolver
from gateway.probes.trust import context

SIGN_IN_ORDER = (Place.AUTODISCOVER, Place.APEX, Place.SRV, Place.PORT_80)
"""Where the password is tried first: the autodiscover name belongs to nobody else."""
PUBLIC_ASKS = (
    Ask.XML_GET,
    Ask.XML_POST,
    Ask.MIXED_POST,
    Ask.SVC_POST,
    Ask.JSON_FORM,
    Ask.JSON_PATH,
    Ask.JSON_MOBILE,
    Ask.JSON_EWS,
)
OPTIONS = Request("OPTIONS", ACTIVESYNC, {"User-Agent": NAME, "Accept": "*/*"})

Trails = dict[tuple[Place, Ask], Trail]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to look at.

    Attributes:
        login: name to sign in with; empty for the address. password: None for a walk as a stranger.
        trusted: hosts outside the mail domain that may have the password.
        with_device: go through Provision and FolderSync. heartbeat: seconds of a Ping, 0 for none.
    """

    address: str
    password: str | None = field(default=None, repr=False)
    login: str = ""
    ways: Ways = field(default_factory=Ways)
    trusted: frozenset[str] = frozenset()
    with_device: bool = False
    heartbeat: int = 0

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def credentials(self) -> Credentials | None:
        if self.password is None:
            return None
        return Credentials(self.login or self.address, self.password)


async def walk(wishes: Wishes, resolver: Resolver, now: datetime, tell: Tell) -> Observations:
    """Ask everything and return what came.

    Raises:
        CertificateError, OSError: the file of authorities cannot be used.
    """
    tour = _Tour(wishes, Asker(Once(resolver), wishes.ways, tell), now, tell)
    await asyncio.gather(tour.domain_names(), tour.as_stranger())
    await tour.with_password()
    await tour.activesync()
    await tour.addresses()
    return tour.seen


class _Tour:
    """One walk; ``seen`` grows."""

    def __init__(self, wishes: Wishes, asker: Asker, now: datetime, tell: Tell) -> None:
        self._wishes, self._asker, self._tell = wishes, asker, tell
        self._resolver = asker.resolver
        self._trails: Trails = {}
        self.seen = Observations(
            wishes.address,
            now,
            trails=self._trails,
            with_device=wishes.with_device,
            heartbeat=wishes.heartbeat,
        )

    async def domain_names(self) -> None:
        """SRV, MX and the wildcard, and what is found at their ends."""
        domain = self._wishes.domain
        (records, failure), exchangers, wildcard = await asyncio.gather(
            names.srv(self._resolver, domain),
            names.exchangers(self._resolver, domain),
            names.wildcard(self._resolver, domain),
        )
        self.seen = replace(
            self.seen, srv=records, srv_failure=failure, exchangers=exchangers, wildcard=wildcard
        )
        await asyncio.gather(
            *(self._service(record) for record in records[:1]), self._by_exchanger(exchangers)
        )

    async def as_stranger(self) -> None:
        """What nobody needs a password for, at all places whose names are known beforehand."""
        domain = self._wishes.domain
        roots = ((Place.APEX, f"https://{domain}"), (Place.AUTODISCOVER, f"https://autodiscover.{domain}"))
        configs = (
            (Place.AUTOCONFIG, f"https://autoconfig.{domain}", CONFIG_PATHS[0]),
            (Place.WELL_KNOWN, f"https://{domain}", CONFIG_PATHS[1]),
            (Place.AUTOCONFIG_80, f"http://autoconfig.{domain}", CONFIG_PATHS[0]),
        )
        await asyncio.gather(
            *(self._all(place, root, PUBLIC_ASKS) for place, root in roots),
            self._port_80(f"http://autodiscover.{domain}"),
            *(self._config(place, root, path) for place, root, path in configs),
            self._all(Place.PACC, f"https://ua-auto-config.{domain}", (Ask.PACC,)),
        )

    async def _all(self, place: Place, root: str, asks: Iterable[Ask]) -> None:
        await asyncio.gather(*(self._ask(place, ask, root + self._request(ask).path) for ask in asks))

    async def _ask(self, place: Place, ask: Ask, url: str, before: tuple[Hop, ...] = ()) -> None:
        trail = await self._asker.trail(url, self._request(ask))
        self._trails[place, ask] = Trail((*before, *trail.hops), trail.stop)

    def _request(self, ask: Ask) -> Request:
        return request(ask, self._wishes.address)

    async def _config(self, place: Place, root: str, path: str) -> None:
        query = self._request(Ask.CONFIG).path.partition("?")[2]
        await asyncio.gather(
            self._ask(place, Ask.CONFIG, f"{root}{path}?{query}"),
            self._ask(place, Ask.CONFIG_BARE, root + path),
        )

    async def _service(self, record: SrvRecord) -> None:
        port = "" if record.port == 443 else f":{record.port}"
        await self._all(Place.SRV, f"https://{record.target}{port}", PUBLIC_ASKS)

    async def _by_exchanger(self, exchangers: tuple[str, ...]) -> None:
        for host in exchangers[:1]:
            await self._config(Place.MX, f"https://autoconfig.{base_of(host)}", CONFIG_PATHS[0])

    async def _port_80(self, root: str) -> None:
        await asyncio.gather(
            self._redirect(root + XML, Ask.XML_GET, Ask.XML_POST),
            self._redirect(root + SVC, Ask.SVC_GET, Ask.SVC_POST),
            self._plain_post(root + XML),
        )

    async def _plain_post(self, url: str) -> None:
        hop = await self._asker.hop(url, self._request(Ask.PLAIN_POST))
        self._trails[Place.PORT_80, Ask.PLAIN_POST] = Trail((hop,))

    async def _redirect(self, url: str, get: Ask, post: Ask) -> None:
        """Ask port 80 and, where it redirects as it should, ask there as a stranger."""
        hop = await self._asker.hop(url, self._request(get))
        target = target_of(hop) if isinstance(hop, Page) and hop.redirects else ""
        stop = refusal(hop, target, [url]) if isinstance(hop, Page) and hop.redirects else None
        self._trails[Place.PORT_80, get] = Trail((hop,), stop)
        self._trails[Place.PORT_80, post] = Trail((hop,), stop)
        if target and stop is None:
            await self._ask(Place.PORT_80, post, target, (hop,))

    async def with_password(self) -> None:
        """Try the password at one place, then everywhere that asks for it."""
        credentials = self._wishes.credentials
        if credentials is None:
            return
        places = [place for place in SIGN_IN_ORDER if self._may_sign_in(place, Ask.XML_POST)]
        if not places:
            self.seen = replace(self.seen, sign_in=SignIn.NO_PLACE)
            return
        first = await self._sign_in(places[0], Ask.MOBILE, credentials)
        verdict = _verdict(first)
        self.seen = replace(self.seen, sign_in=verdict, sign_in_url=first.url)
        if verdict is not SignIn.REFUSED:
            await asyncio.gather(
                *(
                    self._sign_in(place, ask, credentials)
                    for place in AUTODISCOVERY
                    for ask, stranger in ANONYMOUS.items()
                    if self._may_sign_in(place, stranger)
                )
            )

    async def _sign_in(self, place: Place, ask: Ask, credentials: Credentials) -> Hop:
        before = self._trails[place, ANONYMOUS[ask]]
        trail = await self._asker.trail(before.last.url, self._request(ask), credentials)
        self._trails[place, ask] = Trail((*before.hops, *trail.hops), trail.stop)
        return trail.last

    def _may_sign_in(self, place: Place, ask: Ask) -> bool:
        """Whether the place asks for Basic over TLS and may have the password; notes whom it is kept from."""
        trail = self._trails.get((place, ask))
        page = trail.last if trail is not None else None
        if not isinstance(page, Page) or page.status != 401 or not offers_basic(page):
            return False
        host = urlsplit(page.url).hostname or ""
        if place in (Place.APEX, Place.AUTODISCOVER) or self._is_trusted(host):
            return page.url.startswith("https:")
        self.seen = replace(self.seen, untrusted=tuple(dict.fromkeys((*self.seen.untrusted, host))))
        return False

    def _is_trusted(self, host: str) -> bool:
        vouched = {
            urlsplit(hop.url).hostname
            for (place, _), trail in self._trails.items()
            if place in (Place.APEX, Place.AUTODISCOVER)
            for hop in trail.hops
            if isinstance(hop, Page)
        }
        return below(host, self._wishes.domain) or host in self._wishes.trusted or host in vouched

    async def activesync(self) -> None:
        """OPTIONS, what is in front, and the device where it is wanted."""
        url, named = self._activesync_url()
        if not url:
            return
        (requests, answers), anonymous = await asyncio.gather(
            self._stores(url), self._asker.hop(url, OPTIONS)
        )
        service = ActiveSync(url, named, anonymous)
        if _challenges(anonymous):
            service = replace(service, requests=requests, responses=answers)
        credentials = self._wishes.credentials
        if credentials is not None and self.seen.sign_in is SignIn.ACCEPTED and _challenges(anonymous):
            service = replace(service, options=await self._asker.hop(url, OPTIONS, credentials))
            if (
                self._wishes.with_device
                and isinstance(service.options, Page)
                and service.options.status == 200
            ):
                service = replace(service, device=await self._device(url, credentials))
        self.seen = replace(self.seen, activesync=service)

    def _activesync_url(self) -> tuple[str, bool]:
        for ask in (Ask.MOBILE, Ask.JSON_MOBILE):
            for place in SIGN_IN_ORDER:
                said = understood(self.seen, place, ask)
                if (place, ask) in self._trails and said.kind == "settings" and said.urls:
                    return said.urls[0], True
        places = (place for place in SIGN_IN_ORDER if _challenges(self._last(place, Ask.XML_POST)))
        last = next((self._last(place, Ask.XML_POST) for place in places), None)
        return (
            (f"https://{urlsplit(last.url).netloc}{ACTIVESYNC}", False) if last is not None else ("", False)
        )

    def _last(self, place: Place, ask: Ask) -> Hop | None:
        trail = self._trails.get((place, ask))
        return None if trail is None else trail.last

    async def _stores(self, url: str) -> tuple[Storage, Storage]:
        """What is in front does with requests and with answers."""
        found, port = await self._way_to(url)
        if urlsplit(url).scheme != "https":
            return Storage.UNKNOWN, Storage.UNKNOWN
        self._tell(f"POST {url}, the body held back")
        tls, addresses = context(self._wishes.ways.ca), (*found.four, *found.six)
        return await asyncio.gather(
            storage.requests(url, addresses, port, tls), storage.responses(url, addresses, port, tls)
        )

    async def _way_to(self, url: str) -> tuple[Lookup, int]:
        parts = urlsplit(self._asker.dialled(url))
        return await names.lookup(self._resolver, parts.hostname or ""), parts.port or 443

    async def _device(self, url: str, credentials: Credentials) -> tuple[DeviceReport, ...]:
        found, port = await self._way_to(url)
        host, dialled = urlsplit(url).hostname or "", urlsplit(url).port or 443
        addresses = (*found.four, *found.six)
        detour = {(host, dialled): (addresses[0], port)} if addresses else {}
        who = device.identity(self._wishes.address, credentials.login, credentials.password)
        async with Line(context(self._wishes.ways.ca), detour) as line:
            return await device.examine(who, line, url, self._wishes.heartbeat, self._tell)

    async def addresses(self) -> None:
        """The addresses of every host that was met; nearly all were asked for already."""
        domain = self._wishes.domain
        always = (
            domain,
            f"autodiscover.{domain}",
            f"autoconfig.{domain}",
            *(each.target for each in self.seen.srv),
        )
        met = (urlsplit(hop.url).hostname or "" for trail in self._trails.values() for hop in trail.hops)
        service = urlsplit(self.seen.activesync.url).hostname or ""
        hosts = list(dict.fromkeys(filter(None, (*always, *met, service))))
        found = await asyncio.gather(*(self._lookup(host) for host in hosts))
        self.seen = replace(self.seen, lookups={each.host: each for each in found})

    async def _lookup(self, host: str) -> Lookup:
        found = await names.lookup(self._resolver, host)
        return replace(found, deaf=await names.deaf(found, self._wishes.ways.https_port))


def _challenges(hop: Hop | None) -> bool:
    return isinstance(hop, Page) and hop.status == 401 and offers_basic(hop)


def _verdict(hop: Hop) -> SignIn:
    if not isinstance(hop, Page) or hop.status >= 500:
        return SignIn.UNDECIDED
    return SignIn.REFUSED if hop.status in (401, 403) else SignIn.ACCEPTED
