"""Whatever a stranger sends to the open formats, the answer is one of a few known beforehand, and nothing
of a path, a query or a Host header comes back in any byte of it (T12, T13, spec/autodiscover.md 14)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from autodiscover.model import Endpoints, MailServer, NotFound, Outcome, Question, Site
from gateway.endpoints.discovery import DiscoveryEndpoint
from gateway.endpoints.wellknown import WellKnown
from gateway.services.discovery import Signed
from tests.support.asgi import Heard, ask
from tests.support.examples import examples

SITE = Site(
    "acme.example",
    "Acme",
    Endpoints(
        "https://usher.example/Microsoft-Server-ActiveSync",
        "https://usher.example/autodiscover/autodiscover.xml",
        ews="https://mail.acme.example/EWS/Exchange.asmx",
        imap=MailServer("imap.acme.example", 993),
        smtp=MailServer("smtp.acme.example", 465),
        caldav="https://dav.acme.example/cal/",
    ),
)
JSON = "/autodiscover/autodiscover.json"
AUTOCONFIG = "/mail/config-v1.1.xml"
PACC = "/.well-known/user-agent-configuration.json"
CALDAV, CARDDAV = "/.well-known/caldav", "/.well-known/carddav"
NAMES = ("Email", "email", "Protocol", "PROTOCOL", "RedirectCount", "emailaddress", "x")
VALUES = (
    "a%40acme.example",
    "a@acme.example",
    "ActiveSync",
    "ews",
    "Autodiscoverv1",
    "10",
    "a%00@acme.example",
)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)


async def answers(questions: Sequence[Question], asker: Signed | None) -> tuple[Outcome, ...]:
    for question in questions:
        assert question.domain.isprintable()
        assert len(question.domain) <= 254
    return tuple(SITE if question.domain == "acme.example" else NotFound() for question in questions)


async def nobody(_scope: object) -> None:
    return None


def heard(path: str, query: str = "", host: bytes = b"acme.example", method: str = "GET") -> Heard:
    app = WellKnown(answers, "usher.example") if WellKnown.matches(path) else _discovery()
    return asyncio.run(ask(app, path, method=method, query=query, headers=((b"host", host),)))


def _discovery() -> DiscoveryEndpoint:
    return DiscoveryEndpoint(answers, nobody, Clock())


@cache
def known() -> frozenset[str]:
    """Every answer there is: each protocol and each fault of JSON, each file or none, each root or none."""
    email = "?Email=a@acme.example"
    targets = (
        *(f"{JSON}{email}&Protocol={name}" for name in ("ActiveSync", "AutodiscoverV1", "Ews", "x", "")),
        *(f"{JSON}{query}" for query in ("", "?Email=a@other.example&Protocol=x")),
        *(f"{AUTOCONFIG}{query}" for query in ("", "?emailaddress=a@other.example")),
        *(
            PACC,
            CALDAV,
            CARDDAV,
            "/nowhere",
            "/autodiscover/autodiscover.xml",
            "/autodiscover/autodiscover.svc",
        ),
    )
    pairs = (target.partition("?") for target in targets)
    asked = [(path, query, host) for path, _, query in pairs for host in (b"acme.example", b"other.example")]
    return frozenset(_shown(heard(path, query, host)) for path, query, host in asked)


def _shown(answer: Heard) -> str:
    return f"{answer.status} {sorted(answer.headers.items())} {answer.body!r}"


paths = st.one_of(
    st.sampled_from((JSON, AUTOCONFIG, PACC, CALDAV, CARDDAV, f"{JSON}/v1.0/a@acme.example")),
    st.text().map(lambda tail: f"{JSON}/v1.0/{tail}"),
    st.text().map(lambda tail: JSON + tail),
    st.text(),
)
queries = st.one_of(
    st.text(),
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), st.text())).map("=".join),
        max_size=5,
    ).map("&".join),
)
hosts = st.one_of(st.binary(max_size=80), st.sampled_from((b"acme.example", b"autoconfig.acme.example:443")))


@settings(max_examples=examples(300), deadline=None)
@given(paths, queries, hosts)
@example(f"{JSON}/@x/mapi", f"Email={JSON[1:]}%3F@x", b"x")
def test_the_answer_is_one_that_was_known_before(path: str, query: str, host: bytes) -> None:
    assert _shown(heard(path, query.encode("utf-8", "replace").decode(), host)) in known()
