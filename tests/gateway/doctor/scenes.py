"""Observations in a few words, for tests of what is pure."""

from gateway.doctor.observations import Ask, Hop, Lookup, Observations, Page, Place, Silence, Trail, Trouble
from tests.support.stranger import NOW

DOMAIN = "acme.example"
ROOTS = {
    Place.APEX: f"https://{DOMAIN}",
    Place.AUTODISCOVER: f"https://autodiscover.{DOMAIN}",
    Place.PORT_80: f"http://autodiscover.{DOMAIN}",
    Place.SRV: f"https://srv.{DOMAIN}",
    Place.AUTOCONFIG: f"https://autoconfig.{DOMAIN}",
    Place.WELL_KNOWN: f"https://{DOMAIN}",
    Place.ACTIVESYNC: f"https://mail.{DOMAIN}",
}
BASIC = {"www-authenticate": 'Basic realm="x"'}


def url(place: Place, ask: Ask = Ask.XML_POST) -> str:
    suffix = "svc" if ask in (Ask.SVC_GET, Ask.SVC_POST, Ask.SETTINGS) else "xml"
    return f"{ROOTS[place]}/autodiscover/autodiscover.{suffix}"


def page(status: int, place: Place = Place.AUTODISCOVER, ask: Ask = Ask.XML_POST, **more: object) -> Page:
    return Page("POST", url(place, ask), status, **more)  # type: ignore[arg-type]


def challenge(place: Place = Place.AUTODISCOVER, ask: Ask = Ask.XML_POST) -> Page:
    return page(401, place, ask, headers=BASIC)


def silence(trouble: Trouble, place: Place = Place.AUTODISCOVER) -> Silence:
    return Silence("POST", url(place), trouble, "detail")


def answer(
    ask: Ask, place: Place = Place.AUTODISCOVER, kind: str = "MobileSync", host: str = "m.example"
) -> Page:
    """An answer in the schema of ``ask`` that names one server."""
    ns = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
    if ask is Ask.MOBILE:
        inner = f"<Server><Type>{kind}</Type><Url>https://{host}/Microsoft-Server-ActiveSync</Url></Server>"
    else:
        inner = f"<Protocol><Type>{kind}</Type><Server>{host}</Server></Protocol>"
    body = f'<?xml version="1.0"?><Autodiscover xmlns="{ns}"><Response>{inner}</Response></Autodiscover>'
    return page(200, place, ask, headers={"content-type": "text/xml"}, body=body.encode(), signed_in=True)


def observed(*seen: tuple[Place, Ask, Hop], **more: object) -> Observations:
    """Trails of one hop each."""
    trails = {(place, ask): Trail((hop,)) for place, ask, hop in seen}
    lookups = {DOMAIN: Lookup(DOMAIN, ("192.0.2.1",)), **dict(more.pop("lookups", {}))}  # type: ignore[call-overload]
    return Observations(f"ann@{DOMAIN}", NOW, trails=trails, lookups=lookups, **more)  # type: ignore[arg-type]
