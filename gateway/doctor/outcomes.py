"""From what was seen at a place to what it means for a client there: the one reading that families share."""

from collections.abc import Collection, Iterator

from gateway.doctor.answers import Said, is_html, understand
from gateway.doctor.families import Family, Outcome, Step
from gateway.doctor.observations import ANONYMOUS, Ask, Observations, Page, Place, SignIn, Silence, Trail

AUTODISCOVERY = (Place.APEX, Place.AUTODISCOVER, Place.PORT_80, Place.SRV)
CONFIGS = frozenset({Ask.CONFIG, Ask.CONFIG_BARE})
PUBLIC = CONFIGS | {Ask.JSON_FORM, Ask.JSON_PATH, Ask.JSON_MOBILE, Ask.JSON_EWS, Ask.PACC}
"""Questions that strangers may ask."""


def seen(observations: Observations, place: Place, ask: Ask) -> Trail | None:
    """The farthest that this question got: with the password, else as a stranger; None if never asked."""
    trails = observations.trails
    return trails.get((place, ask)) or trails.get((place, ANONYMOUS.get(ask, ask)))


def outcome(observations: Observations, place: Place, ask: Ask) -> Outcome | None:
    """How the question ended; None if it was never asked."""
    trail = seen(observations, place, ask)
    if trail is None:
        return None
    found = _of(trail, ask)
    if found in (Outcome.ANSWERED, Outcome.OPEN) and ask not in PUBLIC:
        return Outcome.FOREIGN if foreign(observations, place) else found
    if found is Outcome.DENIED and observations.sign_in is SignIn.REFUSED:
        return Outcome.CHALLENGED
    return found


def outcome_for(observations: Observations, family: Family, step: Step) -> Outcome | None:
    """The same as one family sees it, which may not follow, not resolve, or not want what is answered."""
    trail = seen(observations, step.place, step.ask)
    found = outcome(observations, step.place, step.ask)
    if trail is None or found is None:
        return None
    if family.ipv4_only and found is not Outcome.ABSENT and _six_only(observations, step.place):
        return Outcome.IPV6_ONLY
    if not family.follows and step.place is not Place.PORT_80 and _redirects(trail.first):
        return Outcome.REDIRECTED
    return _as_wanted(observations, family, step) if found is Outcome.ANSWERED else found


def _as_wanted(observations: Observations, family: Family, step: Step) -> Outcome:
    """An answer as this family reads it."""
    said = understood(observations, step.place, step.ask)
    if said.kind == "redirect":
        return Outcome.ANSWERED if family.starts_again else Outcome.REDIRECTED
    chosen = family.takes and step.ask in (Ask.OUTLOOK, Ask.EWS_XML)
    return Outcome.UNSUITED if chosen and not family.takes & set(said.types) else Outcome.ANSWERED


def understood(observations: Observations, place: Place, ask: Ask) -> Said:
    """The answer's content; empty where there is none."""
    trail = seen(observations, place, ask)
    page = trail.last if trail else None
    return understand(page, ask) if isinstance(page, Page) and page.status == 200 else Said()


def foreign(observations: Observations, place: Place) -> bool:
    """Whether the bare domain answers for other servers than the domain's own AutoDiscover does.

    It does where both name servers and have none in common; and where it answers strangers while a server
    that asks for the password, as AutoDiscover does, stands at the autodiscover name or behind it.
    """
    if place is not Place.APEX:
        return False
    here = named(observations, (Place.APEX,))
    if not here:
        return False
    there = named(observations, AUTODISCOVERY[1:])
    if there:
        return not here & there
    return _is_open(observations, Place.APEX) and any(
        _of(trail, Ask.XML_POST) is Outcome.CHALLENGED
        for (where, ask), trail in observations.trails.items()
        if where in AUTODISCOVERY[1:] and ask is Ask.XML_POST
    )


def named(observations: Observations, places: Collection[Place]) -> frozenset[str]:
    """Servers that the answers of these places name."""
    asks = (Ask.MOBILE, Ask.OUTLOOK, Ask.EWS_XML, Ask.XML_POST)
    return frozenset[str]().union(*_named(observations, places, asks))


def _named(
    observations: Observations, places: Collection[Place], asks: Collection[Ask]
) -> Iterator[frozenset[str]]:
    for place in places:
        for ask in asks:
            if (place, ask) in observations.trails:
                yield understood(observations, place, ask).hosts


def _is_open(observations: Observations, place: Place) -> bool:
    trail = observations.trails.get((place, Ask.XML_POST))
    return trail is not None and _of(trail, Ask.XML_POST) is Outcome.OPEN


def _of(trail: Trail, ask: Ask) -> Outcome:
    hop = trail.last
    if isinstance(hop, Silence):
        return Outcome.SILENT
    if trail.stop is not None:
        return Outcome.BAD_REDIRECT
    if hop.status == 200:
        return _of_200(hop, ask)
    return _of_status(hop, ask)


def _of_200(page: Page, ask: Ask) -> Outcome:
    said = understand(page, ask)
    if said.kind in ("settings", "redirect"):
        return Outcome.ANSWERED if page.signed_in or ask in PUBLIC else Outcome.OPEN
    if said.kind == "error":
        return Outcome.ERROR if page.signed_in or ask in PUBLIC else Outcome.OPEN
    return Outcome.HTML if is_html(page) else Outcome.BROKEN


def _of_status(page: Page, ask: Ask) -> Outcome:
    if page.status == 401:
        if page.signed_in:
            return Outcome.DENIED
        basic = offers_basic(page) and ask not in PUBLIC
        return Outcome.CHALLENGED if basic else Outcome.ODD_CHALLENGE
    if page.status == 403:
        return Outcome.DENIED if page.signed_in else Outcome.ODD_CHALLENGE
    if page.redirects:
        return Outcome.BAD_REDIRECT
    if page.status == 500 and ask is Ask.SETTINGS and understand(page, ask).kind == "error":
        return Outcome.ERROR
    return Outcome.FAILED if page.status >= 500 and page.status != 501 else Outcome.ABSENT


def offers_basic(page: Page) -> bool:
    """Whether a 401 names Basic among its challenges."""
    return "basic" in page.headers.get("www-authenticate", "").lower()


def _redirects(hop: object) -> bool:
    return isinstance(hop, Page) and hop.redirects


def _six_only(observations: Observations, place: Place) -> bool:
    host = host_of(observations, place)
    lookup = observations.lookups.get(host)
    return lookup is not None and bool(lookup.six) and not lookup.four


def host_of(observations: Observations, place: Place) -> str:
    """The host where a place begins; empty where it has none."""
    domain = observations.domain
    if place is Place.SRV:
        return observations.srv[0].target if observations.srv else ""
    if place is Place.MX:
        return f"autoconfig.{base_of(observations.exchangers[0])}" if observations.exchangers else ""
    hosts = {
        Place.APEX: domain,
        Place.WELL_KNOWN: domain,
        Place.AUTODISCOVER: observations.autodiscover,
        Place.PORT_80: observations.autodiscover,
        Place.AUTOCONFIG: f"autoconfig.{domain}",
        Place.AUTOCONFIG_80: f"autoconfig.{domain}",
        Place.PACC: f"ua-auto-config.{domain}",
    }
    return hosts.get(place, "")


def base_of(host: str) -> str:
    """The last two labels: near enough to the registrable domain for the question that Thunderbird asks."""
    return ".".join(host.split(".")[-2:])
