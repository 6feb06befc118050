"""Which faults are in the observations: each row of ``findings`` has its condition here (product 2.6).

Faults do not depend on a client's algorithm. Whom they hurt is found out afterwards, by the families that
pass the same place.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from gateway.doctor import examination_activesync
from gateway.doctor.families import Outcome
from gateway.doctor.findings import Finding
from gateway.doctor.observations import (
    ANONYMOUS,
    TLS_TROUBLES,
    Ask,
    Lookup,
    Observations,
    Page,
    Place,
    SignIn,
    Silence,
    Stop,
    Trail,
    Trouble,
)
from gateway.doctor.outcomes import CONFIGS, foreign, host_of, named, outcome, understood

SLOW_SECONDS = 5.0
"""After which Thunderbird stops waiting (6.4)."""
EXPIRES_SOON = timedelta(days=14)
HERE = frozenset({Place.AUTODISCOVER, Place.PORT_80})
TLS_PLACES = (Place.APEX, Place.AUTODISCOVER, Place.SRV)
MAY_BE_ABSENT = frozenset(
    {Place.APEX, Place.WELL_KNOWN, Place.AUTOCONFIG, Place.AUTOCONFIG_80, Place.MX, Place.PACC}
)
"""Places where it is no fault that nobody listens, as long as silence does not cost time."""
ANONYMOUS_ASKS = frozenset({Ask.XML_GET, Ask.XML_POST, Ask.SVC_POST})
SIGNED_ASKS = frozenset(ANONYMOUS)

_NET: Mapping[Trouble, str] = {
    Trouble.REFUSED: "net.refused",
    Trouble.TIMEOUT: "net.timeout",
    Trouble.UNREACHABLE: "net.unreachable",
    Trouble.BROKEN: "net.not_http",
    Trouble.NAME_MISMATCH: "tls.name_mismatch",
    Trouble.MISSING_INTERMEDIATE: "tls.missing_intermediate",
    Trouble.EXPIRED: "tls.expired",
    Trouble.NOT_YET: "tls.not_yet",
    Trouble.SELF_SIGNED: "tls.self_signed",
    Trouble.UNTRUSTED: "tls.untrusted",
    Trouble.HANDSHAKE: "tls.handshake",
}
_STOPS: Mapping[Stop, str] = {
    Stop.NOT_HTTPS: "redirect.not_https",
    Stop.NO_LOCATION: "redirect.not_autodiscover",
    Stop.WRONG_SUFFIX: "redirect.wrong_suffix",
    Stop.NOT_AUTODISCOVER: "redirect.not_autodiscover",
    Stop.LOOP: "redirect.loop",
    Stop.TOO_MANY: "redirect.too_many",
}


def examine(observations: Observations) -> tuple[Finding, ...]:
    """Every fault once, with all places where clients meet it."""
    merged: dict[tuple[str, str], Finding] = {}
    for finding in _all(observations):
        known = merged.get((finding.code, finding.subject), finding)
        merged[finding.code, finding.subject] = Finding(
            known.code, known.subject, known.facts, known.places | finding.places
        )
    return tuple(merged.values())


def _all(observations: Observations) -> Iterator[Finding]:
    yield from _names(observations)
    for (place, ask), trail in observations.trails.items():
        yield from _silences(observations, place, trail)
        yield from _redirects(observations, place, ask, trail)
        yield from _pages(place, trail, observations)
        if ask in ANONYMOUS_ASKS:
            yield from _anonymous(observations, place, ask, trail)
        if ask in SIGNED_ASKS | CONFIGS:
            yield from _answers(observations, place, ask, trail)
    yield from _port_80(observations)
    yield from _formats(observations)
    yield from _password(observations)
    yield from examination_activesync.examine(observations)


def _finding(code: str, subject: str, *places: Place, **facts: str) -> Finding:
    return Finding(code, subject, MappingProxyType(facts), frozenset(places))


def _names(observations: Observations) -> Iterator[Finding]:
    for host, lookup in observations.lookups.items():
        places = [place for place in Place if host_of(observations, place) == host]
        if lookup.six and not lookup.four and not set(places) <= MAY_BE_ABSENT:
            yield _finding("dns.ipv6_only", host, *places, addresses=", ".join(lookup.six))
        if lookup.deaf:
            deaf, working = ", ".join(lookup.deaf), ", ".join(lookup.four)
            yield _finding("dns.ipv6_broken", host, *places, addresses=deaf, working=working)
    yield from _srv(observations)
    lookup_here = observations.lookups.get(observations.autodiscover)
    if (
        lookup_here
        and observations.wildcard
        and {*lookup_here.four, *lookup_here.six} == {*observations.wildcard}
    ):
        addresses = ", ".join(observations.wildcard)
        facts = {"domain": observations.domain, "addresses": addresses}
        yield _finding("dns.wildcard", observations.autodiscover, *HERE, **facts)


def _srv(observations: Observations) -> Iterator[Finding]:
    name = f"_autodiscover._tcp.{observations.domain}"
    records = "; ".join(str(record) for record in observations.srv)
    if len(observations.srv) > 1:
        yield _finding("dns.srv_many", name, Place.SRV, records=records)
    if any(record.port != 443 for record in observations.srv):
        yield _finding("dns.srv_port", name, Place.SRV, records=records)
    if observations.srv_failure:
        yield _finding("dns.srv_failed", name, Place.SRV, failure=observations.srv_failure)


def _silences(observations: Observations, place: Place, trail: Trail) -> Iterator[Finding]:
    for hop in trail.hops:
        if isinstance(hop, Silence) and (found := _silence(observations, place, hop)) is not None:
            yield found


def _silence(observations: Observations, place: Place, hop: Silence) -> Finding | None:
    parts = urlsplit(hop.url)
    host = parts.hostname or hop.url
    lookup = observations.lookups.get(host, Lookup(host))
    if hop.trouble is Trouble.NO_ADDRESS:
        return _nameless(place, host, lookup, hop)
    if hop.trouble in TLS_TROUBLES:
        code = _NET[hop.trouble]
        if hop.trouble is Trouble.NAME_MISMATCH and lookup.chain:
            target = lookup.chain[-1]
            return _finding("tls.alias_without_certificate", host, place, detail=hop.detail, target=target)
        return _finding(code, host, place, detail=hop.detail)
    if parts.scheme == "http":
        closed = place is Place.PORT_80
        return _finding("http.port_80_closed", host, place, detail=hop.detail) if closed else None
    if place in MAY_BE_ABSENT and hop.trouble is not Trouble.TIMEOUT:
        return None
    return _finding(_NET[hop.trouble], host, place, detail=hop.detail)


def _nameless(place: Place, host: str, lookup: Lookup, hop: Silence) -> Finding | None:
    failure = lookup.failure or hop.detail
    if lookup.failed:
        return _finding("dns.failed", host, place, failure=failure)
    if lookup.chain:
        return _finding("dns.dangling_alias", host, place, failure=failure, target=lookup.chain[-1])
    return None if place in MAY_BE_ABSENT else _finding("dns.no_record", host, place, failure=failure)


def _redirects(observations: Observations, place: Place, ask: Ask, trail: Trail) -> Iterator[Finding]:
    last = trail.last
    if trail.stop is not None and isinstance(last, Page):
        target = last.location or "nowhere"
        code, count = _STOPS[trail.stop], str(len(trail.hops))
        if not (place in MAY_BE_ABSENT and code == "redirect.not_autodiscover"):
            yield _finding(code, last.url, place, target=target, count=count)
    for hop in trail.hops[:-1]:
        if not isinstance(hop, Page) or not hop.redirects or ask not in ANONYMOUS_ASKS:
            continue
        target = urlsplit(hop.location).hostname or ""
        if target and not below(target, observations.domain):
            yield _finding("redirect.foreign_host", hop.url, place, target=target, domain=observations.domain)
        if hop is trail.first and place in TLS_PLACES:
            status = str(hop.status)
            yield _finding("http.anonymous_redirect", hop.url, place, status=status, target=hop.location)


def below(host: str, domain: str) -> bool:
    """Whether a host is the domain or below it."""
    return host == domain or host.endswith(f".{domain}")


def _pages(place: Place, trail: Trail, observations: Observations) -> Iterator[Finding]:
    for hop in trail.hops:
        if not isinstance(hop, Page):
            continue
        if hop.seconds > SLOW_SECONDS:
            yield _finding("http.slow", hop.url, place, seconds=f"{hop.seconds:.0f}")
        if hop.until is not None and hop.until - observations.now < EXPIRES_SOON:
            host = urlsplit(hop.url).hostname or hop.url
            yield _finding("tls.expires_soon", host, place, until=f"{hop.until:%Y-%m-%d %H:%M} UTC")


def _anonymous(observations: Observations, place: Place, ask: Ask, trail: Trail) -> Iterator[Finding]:
    page, found = trail.last, outcome(observations, place, ask)
    if not isinstance(page, Page) or (place is Place.PORT_80 and page.url.startswith("http:")):
        return
    status, media = str(page.status), page.headers.get("content-type", "") or "no Content-Type"
    web = "http.apex_html" if place is Place.APEX else "http.web_page"
    match found:
        case Outcome.HTML:
            yield _finding(web, page.url, place, media=media)
        case Outcome.BROKEN if place is Place.APEX:
            yield _finding(web, page.url, place, media=media)
        case Outcome.OPEN | Outcome.FOREIGN if foreign(observations, place):
            if ask is not Ask.SVC_POST:
                yield _foreign(observations, page)
        case Outcome.OPEN | Outcome.BROKEN:
            yield _finding("http.no_challenge", page.url, place)
        case Outcome.ODD_CHALLENGE if page.status == 403:
            yield _finding("http.forbidden", page.url, place)
        case Outcome.ODD_CHALLENGE:
            offered = page.headers.get("www-authenticate", "") or "absent"
            yield _finding("http.no_basic", page.url, place, offered=offered)
        case Outcome.ABSENT if ask is Ask.XML_POST and page.status == 421:
            yield _finding("http.misdirected", page.url, place)
        case Outcome.ABSENT if ask is Ask.XML_POST and place is not Place.APEX:
            yield _finding("http.not_found", page.url, place, status=status)
        case Outcome.FAILED if page.status in (502, 503, 504):
            yield _finding("http.backend_down", page.url, place, status=status)
        case Outcome.FAILED if ask is not Ask.SVC_POST:
            yield _finding("http.server_error", page.url, place, status=status)


def _foreign(observations: Observations, page: Page) -> Finding:
    here = ", ".join(sorted(named(observations, (Place.APEX,))))
    there = ", ".join(sorted(named(observations, (Place.AUTODISCOVER, Place.PORT_80, Place.SRV))))
    elsewhere = (
        f"AutoDiscover itself names {there}"
        if there
        else f"{observations.autodiscover} asks for the password"
    )
    return _finding("http.apex_foreign", page.url, Place.APEX, named=here, elsewhere=elsewhere)


def _answers(observations: Observations, place: Place, ask: Ask, trail: Trail) -> Iterator[Finding]:
    page = trail.last
    if not isinstance(page, Page) or trail.stop is not None:
        return
    if page.signed_in and page.status in (500, 502, 503, 504) and ask is not Ask.SETTINGS:
        code = "http.server_error" if page.status == 500 else "http.backend_down"
        yield _finding(code, page.url, place, status=str(page.status))
    if page.status != 200:
        return
    found, said = outcome(observations, place, ask), understood(observations, place, ask)
    if found is Outcome.FOREIGN:
        yield _foreign(observations, page)
    if found is Outcome.BROKEN and page.signed_in:
        yield _finding("answer.broken", page.url, place, detail=f"{len(page.body)} bytes, {page.media_type}")
    if found is Outcome.ERROR and ask is Ask.MOBILE:
        yield _finding("answer.error", page.url, place, error=said.error)
    if said.kind == "redirect" and page.signed_in:
        yield _finding("answer.redirected", page.url, place, target=said.error)
    for code, facts in said.remarks:
        yield Finding(code, page.url, facts, frozenset({place}))


def _port_80(observations: Observations) -> Iterator[Finding]:
    got = _page(observations, Place.PORT_80, Ask.XML_GET)
    if got is not None and not got.redirects:
        code = "redirect.challenge" if got.status == 401 else "redirect.none"
        yield _finding(code, got.url, Place.PORT_80, status=str(got.status))
    posted = _page(observations, Place.PORT_80, Ask.PLAIN_POST)
    if got is not None and got.redirects and posted is not None and not posted.redirects:
        yield _finding("redirect.post", posted.url, Place.PORT_80, status=str(posted.status))
    svc = _page(observations, Place.PORT_80, Ask.SVC_GET)
    soap = any(outcome(observations, place, Ask.SVC_POST) is Outcome.CHALLENGED for place in TLS_PLACES)
    if soap and got is not None and got.redirects and svc is not None and not svc.redirects:
        yield _finding("redirect.no_svc", svc.url, Place.PORT_80, status=str(svc.status))


def _page(observations: Observations, place: Place, ask: Ask) -> Page | None:
    trail = observations.trails.get((place, ask))
    return trail.first if trail is not None and isinstance(trail.first, Page) else None


def _formats(observations: Observations) -> Iterator[Finding]:
    for place in TLS_PLACES:
        trail = observations.trails.get((place, Ask.XML_GET))
        probe = trail.last if trail is not None else None
        served = outcome(observations, place, Ask.SVC_POST) is Outcome.CHALLENGED
        if served and isinstance(probe, Page) and not probe.headers.get("x-soap-enabled"):
            yield _finding("http.no_soap_header", probe.url, place)
        mixed = _page(observations, place, Ask.MIXED_POST)
        known = outcome(observations, place, Ask.XML_POST) is Outcome.CHALLENGED
        if known and mixed is not None and mixed.status in (404, 405):
            yield _finding("http.case_sensitive", mixed.url, place, status=str(mixed.status))
        yield from _uneven(observations, place, "json.one_form", Ask.JSON_FORM, Ask.JSON_PATH)
        yield from _uneven(observations, place, "json.one_form", Ask.JSON_PATH, Ask.JSON_FORM)
    for place in (Place.AUTOCONFIG, Place.WELL_KNOWN, Place.MX):
        yield from _uneven(observations, place, "autoconfig.needs_address", Ask.CONFIG, Ask.CONFIG_BARE)


def _uneven(observations: Observations, place: Place, code: str, good: Ask, bad: Ask) -> Iterator[Finding]:
    """A finding where one question is answered and its twin is not."""
    page = _page(observations, place, bad)
    if page is None or outcome(observations, place, good) is not Outcome.ANSWERED:
        return
    if outcome(observations, place, bad) is not Outcome.ANSWERED:
        yield _finding(code, page.url, place, status=str(page.status))


def _password(observations: Observations) -> Iterator[Finding]:
    if observations.sign_in is SignIn.REFUSED:
        yield _finding("auth.wrong_password", observations.sign_in_url)
    for host in observations.untrusted:
        yield _finding("auth.not_sent", host, Place.PORT_80, Place.SRV, domain=observations.domain)
