"""What a person may do at ``/self/`` (product 7.8; T25): one table, and what is not in it is not there.

Whose things they are is never asked: it is the session's user, and what an address names is looked up among
that user's own. So somebody else's device is not there, as one that never was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from starlette.requests import Request

from gateway.endpoints import wording
from gateway.endpoints.escaping import environment
from gateway.endpoints.forms import Form, read_form
from gateway.endpoints.headers import MAXIMUM_USER_AGENT
from gateway.endpoints.self_service.disclosure import disclosed
from gateway.endpoints.self_service.door import BODY_LIMIT, HOME, source_of
from gateway.endpoints.wording import Language
from gateway.errors import GatewayError, Kind, malformed
from gateway.proxy.asgi import Message, Receive
from gateway.records import Actor
from gateway.services.app_passwords import AppPasswords
from gateway.services.devices import DeviceService
from gateway.services.inventory import Inventory, Question, Sheet
from gateway.services.ports import Clock
from gateway.services.self_sessions import Signed
from gateway.services.wipe_guards import PERSON, Wanted
from gateway.services.wipes import Choice, Wipes
from mdm.ashttp import Reply
from mdm.device import DeviceKey, WipeKind
from mdm.families import family_of

HERE = Path(__file__).parent
CONSOLE = HERE.parent / "console"
HTML = "text/html; charset=utf-8"
LANGUAGE = "usher-language"
MOST = 100
"""Devices on the page; the organisation's limit is far below."""

ASK = "In your organisation two administrators decide about a whole device: ask one of them."
"""Not offered for approval: whoever may give users a password could ask as one and then approve (T9)."""

REASON = "ordered by its user on the self-service page"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to do.

    Attributes:
        path: with ``{}`` where an id stands.
        does: name of the method of ``Things`` that serves it.
        open: anybody may, to sign in.
        proved: the password must have been shown within five minutes, or come along.
    """

    method: str
    path: str
    does: str
    open: bool = False
    proved: bool = False


THINGS: Sequence[Thing] = (
    Thing("GET", "/self/sign-in", "sign_in", open=True),
    Thing("POST", "/self/sign-in", "sign_in", open=True),
    Thing("GET", "/self/style.css", "style", open=True),
    Thing("POST", "/self/sign-out", ""),
    Thing("GET", "/self/", "devices"),
    Thing("GET", "/self/devices/{}", "device"),
    Thing("POST", "/self/devices/{}/wipe", "wipe", proved=True),
    Thing("POST", "/self/devices/{}/remove", "remove", proved=True),
    Thing("GET", "/self/app-passwords", "app_passwords"),
    Thing("POST", "/self/app-passwords", "make_app_password", proved=True),
    Thing("POST", "/self/app-passwords/{}/revoke", "revoke_app_password"),
    Thing("GET", "/self/organisation", "organisation"),
    Thing("GET", "/self/profile", ""),
)
"""All of it; ``door`` does what has no method."""


class Owned(Protocol):
    """The use cases that a person's things are done with; ``gateway.app.Services`` has them."""

    @property
    def devices(self) -> DeviceService: ...
    @property
    def inventory(self) -> Inventory: ...
    @property
    def wipes(self) -> Wipes: ...
    @property
    def app_passwords(self) -> AppPasswords: ...


@dataclass
class Visit:
    """One request, and who makes it; ``thing`` and ``named`` are what it is about."""

    scope: Message
    method: str
    path: str
    form: Form
    signed: Signed | None
    csrf: str
    language: Language
    user_agent: str
    thing: Thing = field(default=THINGS[0])
    named: str = ""

    @property
    def source(self) -> str:
        """Address of the asker."""
        return source_of(self.scope)

    @cached_property
    def owner(self) -> Signed:
        """Who is signed in; GatewayError UNAUTHENTICATED for nobody."""
        if self.signed is None:
            raise GatewayError(Kind.UNAUTHENTICATED)
        return self.signed

    @property
    def actor(self) -> Actor:
        """The person, as the trail names them."""
        return Actor(PERSON, self.owner.user.address, self.source, self.user_agent)

    def key(self) -> DeviceKey:
        """The device that the address names, as one of the person's own."""
        return DeviceKey(self.owner.home.id, self.owner.user.id, self.named.upper())


class Things:
    """The pages and what their forms do, on the services of this process."""

    def __init__(self, use: Owned, clock: Clock) -> None:
        self._use = use
        self._clock = clock
        self._languages = wording.read_languages((CONSOLE / "words", HERE / "words"))
        self._pages = environment(str(HERE / "templates"))
        self._style = (CONSOLE / "static" / "console.css").read_bytes()

    async def form(self, scope: Message, receive: Receive, headers: Mapping[bytes, bytes]) -> Form:
        """The form of a POST; GatewayError TOO_LARGE before it is read, MALFORMED."""
        length = headers.get(b"content-length", b"")
        if scope["method"] == "POST" and not (length.isdigit() and int(length) <= BODY_LIMIT):
            raise GatewayError(Kind.TOO_LARGE, f"A form has at most {BODY_LIMIT} octets.")
        return await read_form(Request(scope, receive))

    def visit(
        self, scope: Message, headers: Mapping[bytes, bytes], form: Form, signed: Signed | None, csrf: str
    ) -> Visit:
        """What a request asks for."""
        agent = headers.get(b"user-agent", b"")[:MAXIMUM_USER_AGENT].decode("latin-1")
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        cookies = headers.get(b"cookie", b"").decode("latin-1")
        chosen = next((code for code in self._languages if f"{LANGUAGE}={code}" in cookies), "")
        language = wording.chosen(self._languages, chosen, accepted)
        path = scope["path"] if scope["path"] != HOME[:-1] else HOME
        return Visit(scope, scope["method"], path, form, signed, csrf, language, agent)

    def find(self, visit: Visit) -> Thing | None:
        """The line of the table that the request is about, None for none: deny by default."""
        wanted = "GET" if visit.method == "HEAD" else visit.method
        for thing in THINGS:
            named = _named(thing.path, visit.path)
            if thing.method == wanted and named is not None:
                visit.thing, visit.named = thing, named
                return thing
        return None

    def serve(self, visit: Visit) -> Reply:
        """Do what the line says."""
        serve: Callable[[Visit], Reply] = getattr(self, visit.thing.does)
        return serve(visit)

    def nothing(self, visit: Visit) -> Reply:
        """For a path without a line."""
        return self._page(visit, "nothing.html", 404)

    def sign_in(self, visit: Visit) -> Reply:
        """The one page for anybody."""
        return self._page(visit, "sign_in.html", problem="")

    def refused(self, visit: Visit, status: int) -> Reply:
        """Whatever was wrong."""
        many = "Too many tries: wait a while."
        wrong = "The address or the password is wrong. An app password does not work here."
        problem = visit.language.text(many if status == 429 else wrong)
        return self._page(visit, "sign_in.html", status, problem=problem)

    def unproved(self, visit: Visit) -> Reply:
        """The form once more, with a place for the password."""
        problem = GatewayError(Kind.FORBIDDEN, visit.language.text("Type your password once more."))
        if visit.thing.does == "make_app_password":
            return self._app_passwords(visit, problem)
        return self._device(visit, problem)

    def style(self, _visit: Visit) -> Reply:
        """The console's stylesheet: one look for both."""
        return Reply(200, (("Cache-Control", "max-age=3600"),), self._style, "text/css; charset=utf-8")

    def devices(self, visit: Visit) -> Reply:
        """My devices."""
        return self._page(visit, "devices.html", sheets=self._sheets(visit))

    def device(self, visit: Visit) -> Reply:
        """One of them."""
        return self._device(visit)

    def wipe(self, visit: Visit) -> Reply:
        """Order a wipe of one of mine."""
        try:
            full = visit.form.text("kind") == WipeKind.DEVICE.value
            kind = WipeKind.DEVICE if full else WipeKind.ACCOUNT
            if full and visit.owner.home.safeguards.approve_full_wipes:
                raise GatewayError(Kind.FORBIDDEN, ASK)
            wanted = Wanted(kind, REASON, visit.form.text("typed"))
            self._use.wipes.request(visit.actor, visit.key(), wanted)
        except GatewayError as error:
            return self._device(visit, error)
        return _to(f"{HOME}devices/{quote(visit.named, safe='')}")

    def remove(self, visit: Visit) -> Reply:
        """Take one of mine off the list."""
        try:
            self._use.devices.remove(visit.actor, visit.key(), reason=REASON)
        except GatewayError as error:
            return self._device(visit, error)
        return _to(HOME)

    def app_passwords(self, visit: Visit) -> Reply:
        """Mine, and a form for another."""
        return self._app_passwords(visit)

    def make_app_password(self, visit: Visit) -> Reply:
        """Make one; the answer has it, once."""
        try:
            ends = self._ends(visit.form.text("days"))
            made = self._use.app_passwords.make(
                visit.actor, visit.owner.user.id, visit.form.text("label"), ends
            )
        except GatewayError as error:
            return self._app_passwords(visit, error)
        return self._page(visit, "app_password.html", fresh=made)

    def revoke_app_password(self, visit: Visit) -> Reply:
        """Take one of mine back."""
        self._use.app_passwords.revoke(visit.actor, visit.owner.user.id, visit.named)
        return _to(f"{HOME}app-passwords")

    def organisation(self, visit: Visit) -> Reply:
        """What my organisation can see and do, in words, for each of my devices."""
        told = [
            (sheet, disclosed(sheet, self._use.wipes.choices(sheet.device.key)))
            for sheet in self._sheets(visit)
        ]
        return self._page(visit, "organisation.html", told=told)

    def _sheets(self, visit: Visit) -> list[Sheet]:
        owner = visit.owner
        asked = Question(organisation=owner.home.id, user=owner.user.id)
        found = self._use.inventory.find(asked, limit=MOST)
        return [self._use.inventory.sheet(each.key) for each in found.devices]

    def _device(self, visit: Visit, problem: GatewayError | None = None) -> Reply:
        sheet = self._use.inventory.sheet(visit.key())
        return self._page(
            visit,
            "device.html",
            _STATUS.get(problem.kind, 409) if problem else 200,
            sheet=sheet,
            family=family_of(sheet.device.user_agent, sheet.device.device_type),
            choices=[_offered(each) for each in self._use.wipes.choices(visit.key())],
            order=self._use.wipes.last(visit.key()),
            problem=problem,
        )

    def _app_passwords(self, visit: Visit, problem: GatewayError | None = None) -> Reply:
        user = visit.owner.user.id
        return self._page(
            visit,
            "app_passwords.html",
            _STATUS.get(problem.kind, 409) if problem else 200,
            made=self._use.app_passwords.list(user),
            obstacle=self._use.app_passwords.obstacle(user),
            problem=problem,
        )

    def _ends(self, days: str) -> datetime | None:
        if not days:
            return None
        if not (days.isascii() and days.isdigit() and len(days) <= 3 and 0 < int(days) <= 731):
            raise malformed("days", "Between 1 and 731 days, or nothing.")
        return self._clock.now() + timedelta(days=int(days))

    def _page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> Reply:
        language = visit.language
        around = {
            "_": language.text,
            "plural": language.plural,
            "lang": language.code,
            "csrf": visit.csrf,
            "signed": visit.signed,
            "path": visit.path,
            "form": visit.form,
        }
        text = self._pages.get_template(template).render({**around, **values})
        return Reply(status, (), text.encode(), HTML)


_STATUS: Mapping[Kind, int] = {Kind.MALFORMED: 400, Kind.FORBIDDEN: 403, Kind.NOT_FOUND: 404}


def _named(pattern: str, path: str) -> str | None:
    """The id in a path of this pattern, empty where it has none; None for another path."""
    before, there, after = pattern.partition("{}")
    if not there:
        return "" if path == pattern else None
    named = path[len(before) : len(path) - len(after)]
    fits = path.startswith(before) and path.endswith(after) and len(path) > len(before) + len(after)
    return named if fits and "/" not in named else None


def _offered(choice: Choice) -> Choice:
    return replace(choice, obstacle=ASK) if choice.approval and not choice.obstacle else choice


def _to(place: str) -> Reply:
    return Reply(303, (("Location", place),))
