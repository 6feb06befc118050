"""A gateway as it is deployed, with people, phones and an administrator; a Chromium before its console."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from gateway.app import Services
from gateway.records import Actor
from gateway.records.authority import Appointment, Role
from gateway.services.administrators import NewAdministrator
from mdm.device import Device
from tests.browser.hands import HANDS, Hand
from tests.support import chromium
from tests.support.accounts import PASSWORD, ROOT, ROOT_ACTOR, now_code
from tests.support.gateway_process import ADMINISTRATOR, ORGANISATION, Gateway, gateway
from tests.support.world import World

PEOPLE = dict.fromkeys(("ann", "bob", "carol"), "Quiet-Horse-9")
SIGN_IN = "/console/sign-in"


@dataclass
class Console:
    """The console of a running gateway.

    Attributes:
        secret: of the second factor of ``olga``.
        codes: recovery codes of ``olga``, an owner who may erase whole devices.
        watch: what pages did that they should not.
    """

    gateway: Gateway
    launched: Any
    secret: str
    codes: list[str]
    watch: chromium.Watch
    state: Any = None

    @property
    def base(self) -> str:
        return f"https://localhost:{self.gateway.admin}"

    def phone(self, name: str, device_id: str, alias: str = "") -> Device:
        """A provisioned phone of somebody."""
        made = self.gateway.made
        device = World(made.store).provisioned_phone(made.users.get(f"{name}@example.com"), device_id)
        return made.inventory.rename(ADMINISTRATOR, device.key, alias) if alias else device

    @contextmanager
    def visitor(self, *, size: tuple[int, int] = chromium.WIDE, **options: Any) -> Iterator[Page]:
        """A window before the sign-in page."""
        made = chromium.context(self.launched, size=size, base_url=self.base, **options)
        page = made.new_page()
        self.watch.over(page)
        try:
            yield page
        finally:
            made.close()

    @contextmanager
    def olga(self, **options: Any) -> Iterator[Page]:
        """A window of somebody who signed in; only the first one types the password."""
        with self.visitor(storage_state=self.state or self._signed_in(), **options) as page:
            yield page

    def _signed_in(self) -> Any:
        with self.visitor() as page:
            sign_in(page, self.codes.pop())
            held: BrowserContext = page.context
            self.state = held.storage_state()
        return self.state


def sign_in(page: Page, code: str, password: str = PASSWORD) -> None:
    """Fill in the form and send it."""
    page.goto(SIGN_IN)
    page.get_by_label("Name", exact=True).fill("olga")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")


def enrolled(running: Gateway) -> tuple[str, list[str]]:
    """An owner with a second factor; its secret, and the recovery codes, each good for one sign-in."""
    made = running.made
    owner = (Appointment(Role.OWNER, full_wipe=True),)
    account = made.administrators.create(ROOT_ACTOR, ROOT, NewAdministrator("olga", owner, password=PASSWORD))
    actor = Actor("admin", "olga", person=account.person)
    offered = made.own_account.offer_second_factor(actor, account.id)
    codes = made.own_account.enrol(actor, account.id, now_code(offered.secret)).recovery_codes
    return offered.secret, list(codes)


@contextmanager
def mail_server() -> Iterator[dict[str, object]]:
    """One that nobody reaches, and before which app passwords would do."""
    with tempfile.NamedTemporaryFile() as secret:
        secret.write(b"what the gateway shows it, 32 octets and more")
        secret.flush()
        told = {"credentials": "trusted", "user_mapping": "address", "secret_file": secret.name}
        yield {"url": "http://127.0.0.1:1/", **told}


@contextmanager
def opened() -> Iterator[Console]:
    """A gateway and a Chromium; nothing may be asked of anybody else, and nothing may have to be stopped."""
    watch = chromium.Watch()
    with mail_server() as settings, gateway(settings, "example.com", users=PEOPLE) as running:
        with chromium.browser() as launched:
            yield Console(running, launched, *enrolled(running), watch)
        assert watch.elsewhere == []
        assert watch.violations == []


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    """One gateway and one Chromium for a file of tests."""
    with opened() as made:
        yield made


@pytest.fixture(params=HANDS, ids=lambda each: str(each.name))
def hand(request: pytest.FixtureRequest) -> Hand:
    """Each in turn."""
    made: Hand = request.param
    return made


@pytest.fixture
def lost(console: Console) -> Device:
    """A phone that somebody left in a taxi."""
    return console.phone("ann", "ANNPHONE", "Ann's phone")


def saved_view(made: Services, name: str, question: dict[str, str]) -> None:
    """A view of the device list that ``olga`` has saved."""
    made.saved_views.save(ADMINISTRATOR, made.administrators.get("olga").id, name, question)


HOME = f"/console/o/{ORGANISATION}"
