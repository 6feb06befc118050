"""``/.well-known/caldav`` and ``carddav`` (RFC 6764; spec/autodiscover.md 9)."""

from collections.abc import Sequence

import pytest

from autodiscover.model import Endpoints, NotFound, Outcome, Question, Site, UrlRedirect
from gateway.endpoints.wellknown import WellKnown
from gateway.errors import GatewayError, Kind
from gateway.services.discovery import Signed
from tests.support.asgi import Heard, ask

CALENDARS = "https://dav.example/cal/"
SITES: dict[str, Outcome] = {
    "example.org": Site(
        "example.org", "Acme", Endpoints("https://u/", caldav=CALENDARS, carddav="https://c/")
    ),
    "bare.example": Site("bare.example", "Bare", Endpoints("https://u/")),
    "away.example": UrlRedirect("https://other.example/autodiscover/autodiscover.xml"),
    "public.example": Site(
        "public.example", "P", Endpoints("https://u/", caldav="https://public.example/dav")
    ),
}


async def answers(questions: Sequence[Question], asker: Signed | None) -> tuple[Outcome, ...]:
    assert asker is None
    return tuple(SITES.get(question.domain, NotFound()) for question in questions)


async def at(host: str | None, path: str = "/.well-known/caldav", method: str = "PROPFIND") -> Heard:
    headers = () if host is None else ((b"host", host.encode("latin-1")),)
    return await ask(
        WellKnown(answers, "usher.public.example"), path, b"x", b"y", method=method, headers=headers
    )


@pytest.mark.parametrize("method", ["PROPFIND", "GET", "HEAD", "OPTIONS", "POST", "REPORT", "PUT", "BREW"])
async def test_every_method_is_sent_on(method: str) -> None:
    heard = await at("example.org", method=method)
    assert (heard.status, heard.headers["location"], heard.body) == (307, CALENDARS, b"")
    assert "max-age" in heard.headers["cache-control"]


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("EXAMPLE.org:443", CALENDARS),
        ("example.org.", CALENDARS),
        ("autodiscover.example.org", CALENDARS),
        ("evil.test", "https://public.example/dav"),
        ("", "https://public.example/dav"),
        (None, "https://public.example/dav"),
        ("[::1]:443", "https://public.example/dav"),
        ("bare.example", None),
        ("mail.bare.example", None),
        ("away.example", None),
    ],
    ids=range(10),
)
async def test_the_host_is_a_key_and_nothing_else(host: str | None, location: str | None) -> None:
    heard = await at(host)
    assert heard.headers.get("location") == location
    assert heard.status == (307 if location else 404)


async def test_contacts_and_spellings() -> None:
    assert (await at("example.org", "/.well-known/carddav")).headers["location"] == "https://c/"
    for path in ("/.well-known/CalDAV", "/.well-known/caldav/"):
        assert WellKnown.matches(path)
        assert (await at("example.org", path)).status == 307
    for path in ("/.well-known/caldav/x", "/caldav", "/.well-known/", "/.well-known/jmap"):
        assert not WellKnown.matches(path)


async def test_what_passes_is_503_and_what_is_broken_is_raised() -> None:
    async def failing(questions: Sequence[Question], asker: Signed | None) -> tuple[Outcome, ...]:
        raise GatewayError(kind)

    kind = Kind.UNAVAILABLE
    heard = await ask(WellKnown(failing, "usher.example"), "/.well-known/caldav")
    assert heard.status == 503
    assert int(heard.headers["retry-after"]) > 0
    kind = Kind.INTERNAL
    with pytest.raises(GatewayError):
        await ask(WellKnown(failing, "usher.example"), "/.well-known/caldav")
