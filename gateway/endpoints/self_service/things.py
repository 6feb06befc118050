"""What is done and shown at ``/self/`` for each line of the table (product 7.8)."""

from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.requests import Request

from gateway.endpoints.forms import Form, read_form
from gateway.endpoints.headers import MAXIMUM_USER_AGENT
from gateway.endpoints.self_service.devices import Devices
from gateway.endpoints.self_service.door import BODY_LIMIT, HOME
from gateway.endpoints.self_service.own_passwords import OwnPasswords
from gateway.endpoints.self_service.pages import Pages
from gateway.endpoints.self_service.table import find
from gateway.endpoints.self_service.visits import Visit
from gateway.errors import GatewayError, Kind
from gateway.proxy.asgi import Message, Receive
from gateway.services.app_passwords import AppPasswords
from gateway.services.devices import DeviceService
from gateway.services.inventory import Inventory
from gateway.services.ports import Clock
from gateway.services.self_sessions import Signed
from gateway.services.wipes import Wipes
from mdm.ashttp import Reply


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


class Things:
    """The pages and what their forms do, on the services of this process."""

    def __init__(self, use: Owned, clock: Clock) -> None:
        self._pages = Pages()
        devices = Devices(use.devices, use.inventory, use.wipes, self._pages)
        passwords = OwnPasswords(use.app_passwords, clock, self._pages)
        self._serving: Mapping[str, Callable[[Visit], Reply]] = {
            "nothing": self._nothing,
            "sign_in": self._sign_in,
            "style": self._pages.style,
            "devices": devices.all,
            "device": devices.one,
            "wipe": devices.wipe,
            "remove": devices.remove,
            "organisation": devices.organisation,
            "app_passwords": passwords.all,
            "make_app_password": passwords.make,
            "revoke_app_password": passwords.revoke,
        }
        self._again: Mapping[str, Callable[[Visit, GatewayError], Reply]] = {
            "wipe": devices.one,
            "remove": devices.one,
            "make_app_password": passwords.all,
        }

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
        path = scope["path"] if scope["path"] != HOME[:-1] else HOME
        thing, named = find(scope["method"], path)
        return Visit(scope, thing, named, form, signed, csrf, self._pages.language(headers), agent)

    def serve(self, visit: Visit) -> Reply:
        """Do what the line says; what a form's act was refused for is said on its page, and what an address
        names that is not there on the page that says so."""
        return self._or_nothing(visit, self._served)

    def unproved(self, visit: Visit) -> Reply:
        """The form once more, with a place for the password."""
        problem = GatewayError(Kind.FORBIDDEN, "Type your password once more.")
        return self._or_nothing(visit, lambda visit: self._again[visit.thing.does](visit, problem))

    def _served(self, visit: Visit) -> Reply:
        does = visit.thing.does
        try:
            return self._serving[does](visit)
        except GatewayError as error:
            if does not in self._again:
                raise
            return self._again[does](visit, error)

    def _or_nothing(self, visit: Visit, show: Callable[[Visit], Reply]) -> Reply:
        try:
            return show(visit)
        except GatewayError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            return self._nothing(visit)

    def refused(self, visit: Visit, kind: Kind) -> Reply:
        """The sign-in page once more: THROTTLED says so, and whatever else was wrong has one answer."""
        many = "Too many tries: wait a while."
        wrong = "The address or the password is wrong. An app password does not work here."
        return self._sign_in(visit, GatewayError(kind, many if kind is Kind.THROTTLED else wrong))

    def _nothing(self, visit: Visit) -> Reply:
        return self._pages.page(visit, "nothing.html", status=404)

    def _sign_in(self, visit: Visit, problem: GatewayError | None = None) -> Reply:
        return self._pages.page(visit, "sign_in.html", problem=problem)
