"""The directory behind the golden exchanges of discovery: a real store, real passwords, and every kind of
route and redirect.

Two organisations. In ``acme``: alice with two aliases; dora, who may open a room and, through nested groups,
bob's mailbox; erin and frank, who have moved, the one to the other organisation and the other out of the
house; gina, whom a foreign Exchange serves; hugo, whose server offers everything; ivy, ken and lea on servers
that offer less; jürg, whose password Outlook sends in Latin-1.
"""

import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autodiscover.model import Encryption, Endpoints, MailServer, UrlRedirect
from gateway.chance import Secrets, SystemClock
from gateway.directory.local import LocalPasswords
from gateway.endpoints.credentials import Credentials
from gateway.endpoints.discovery import DiscoveryEndpoint
from gateway.endpoints.discovery_answers import DiscoveryAnswers
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.threads import Threads
from gateway.log import Trace
from gateway.records import Domain, Grant, Group, Organisation, Resource, Right, User
from gateway.services.discovery import Discovery
from gateway.services.discovery_memory import DiscoveryMemory
from gateway.services.login import Login
from gateway.services.ports import Clock
from gateway.services.users import Users
from gateway.store import DatabaseStore, migrate, open_store

ACME, OTHER = "m-" + "a" * 32, "m-" + "b" * 32
PATH = "/autodiscover/autodiscover.xml"
EAS = "https://usher.example/Microsoft-Server-ActiveSync"
EWS = "https://mail.example/EWS/Exchange.asmx"
FOREIGN = UrlRedirect("https://exchange.example/autodiscover/autodiscover.xml")
IMAP, SMTP = MailServer("mail.example", 993), MailServer("mail.example", 465)
POP3 = MailServer("mail.example", 995)
SUBMISSION = MailServer("mail.example", 587, Encryption.TLS)
ROUTES: dict[str, Endpoints | UrlRedirect] = {
    "default": Endpoints(EAS, ews=EWS, imap=IMAP, smtp=SMTP),
    "foreign": FOREIGN,
    "everything": Endpoints(
        EAS,
        ews=EWS,
        mapi="https://mail.example/mapi/emsmdb/",
        oab="https://mail.example/OAB/5f0f6c0e/",
        imap=IMAP,
        pop3=POP3,
        smtp=SMTP,
        web_mail="https://mail.example/owa/",
        caldav="https://mail.example/dav/",
        carddav="https://mail.example/dav/",
    ),
    "mail": Endpoints(
        EAS,
        imap=IMAP,
        smtp=SUBMISSION,
        caldav="https://mail.example/dav/calendars/",
        carddav="https://mail.example/dav/contacts/",
    ),
    "pop": Endpoints(EAS, pop3=POP3, smtp=SUBMISSION),
    "phones": Endpoints(EAS),
}
PASSWORD, UMLAUTS = "secret", "grün"


def user(name: str, organisation: str = ACME, domain: str = "example.org", **values: object) -> User:
    address = f"{name}@{domain}"
    return User(f"u-{name}", organisation, name, address, name.title(), **values)  # type: ignore[arg-type]  # by name


PEOPLE = (
    User(
        "u-alice",
        ACME,
        "alice",
        "alice@example.org",
        "Alice Åberg",
        aliases=("al@example.org", "a@example.net"),
    ),
    user("bob"),
    user("dora"),
    user("erin", moved_to="erin@other.example"),
    User("u-erin-new", OTHER, "erin", "erin@other.example", "Erin at Other"),
    user("frank", moved_to="frank@elsewhere.example"),
    user("gina", backend="foreign"),
    user("hugo", backend="everything"),
    user("ivy", backend="mail"),
    user("jurg"),
    user("ken", backend="pop"),
    user("lea", backend="phones"),
)


def inhabited(folder: Path) -> DatabaseStore:
    """The store."""
    url = f"sqlite:///{folder}/usher.db"
    migrate(url)
    store = open_store(url)
    hashes = {password: LocalPasswords().hash(password) for password in (PASSWORD, UMLAUTS)}
    with store.write() as transaction:
        directory = transaction.directory
        for identity, alias in ((ACME, "acme"), (OTHER, "other")):
            since = datetime(2026, 1, 1, tzinfo=UTC)
            directory.add_organisation(Organisation(identity, alias, alias.title(), since))
        for name, owner in (("example.org", ACME), ("example.net", ACME), ("other.example", OTHER)):
            directory.add_domain(Domain(name, owner, default=name != "example.net"))
        for person in PEOPLE:
            hashed = hashes[UMLAUTS if person.login == "jurg" else PASSWORD]
            directory.add_user(User(**{**_fields(person), "password_hash": hashed}))
        directory.add_resource(Resource("r-room", ACME, "Room <1>", "room@example.org"))
        for group in ("inner", "outer"):
            directory.add_group(Group(f"g-{group}", ACME, group))
        directory.add_member("g-outer", "g-inner", nested=True)
        directory.add_member("g-inner", "u-dora", nested=False)
        full = frozenset({Right.FULL_ACCESS})
        directory.save_grant(Grant(ACME, "u-bob", "g-outer", full))
        directory.save_grant(Grant(ACME, "r-room", "u-dora", full))
        directory.save_grant(Grant(ACME, "u-alice", "u-dora", frozenset({Right.SEND_AS})))
    return store


def _fields(person: User) -> dict[str, object]:
    return {name: getattr(person, name) for name in User.__slots__}


def discovery(store: DatabaseStore) -> Discovery:
    """The service on it; the gateway is ``usher.example``."""
    return Discovery(store, ROUTES, ("usher.example",))


def endpoint(store: DatabaseStore, clock: Clock, threads: Threads) -> DiscoveryEndpoint:
    """The whole way of a request, but for the listener."""
    users = Users(store, SystemClock(), Secrets(), LocalPasswords(), backends=tuple(ROUTES))
    credentials = Credentials(Login(), users, LocalPasswords(), {}, threads, time.monotonic)
    memory = DiscoveryMemory(lambda _: False, time.monotonic)
    answers = DiscoveryAnswers(discovery(store).find, threads.store, memory)
    return DiscoveryEndpoint(answers, credentials.signed, clock, server=4711)


def login(name: str, password: str = PASSWORD, encoding: str = "utf-8") -> tuple[bytes, bytes]:
    """The header that signs somebody in."""
    return b"authorization", b"Basic " + b64encode(f"{name}:{password}".encode(encoding))


@dataclass
class Exchange:
    """One request through the ASGI interface and what came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    received: int = 0


async def ask(
    endpoint: Callable[..., Awaitable[None]],
    *chunks: bytes,
    method: str = "POST",
    path: str = PATH,
    headers: tuple[tuple[bytes, bytes], ...] | None = None,
    leave: bool = False,
) -> Exchange:
    """A request by the ASGI interface, signed in as Alice unless ``headers`` say otherwise.

    Args:
        leave: the client goes away after the chunks.
    """
    exchange = Exchange()
    waiting = list(chunks or (b"",))

    async def receive() -> MutableMapping[str, Any]:
        if leave and not waiting:
            return {"type": "http.disconnect"}
        exchange.received += 1
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": leave or bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            exchange.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            exchange.body += message["body"]

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": list((login("alice@example.org"),) if headers is None else headers),
    }
    await endpoint({**scope, TRACE: Trace("1", "192.0.2.1")}, receive, send)
    return exchange
