"""A person's own devices (product 7.8): what is known of them, what may be done with them, wipe, remove."""

from dataclasses import replace
from urllib.parse import quote

from gateway.endpoints.self_service.disclosure import disclosed
from gateway.endpoints.self_service.door import HOME, to
from gateway.endpoints.self_service.pages import Pages
from gateway.endpoints.self_service.visits import Visit
from gateway.errors import GatewayError, Kind
from gateway.services.devices import DeviceService
from gateway.services.inventory import Inventory, Question, Sheet
from gateway.services.wipe_guards import Wanted
from gateway.services.wipes import Choice, Wipes
from mdm.ashttp import Reply
from mdm.device import WipeKind
from mdm.families import family_of

MOST = 100
"""Devices on the page; the organisation's limit is far below."""

ASK = "In your organisation two administrators decide about a whole device: ask one of them."
"""Not offered for approval: whoever may give users a password could ask as one and then approve (T9)."""

REASON = "ordered by its user on the self-service page"


class Devices:
    """The pages about devices and what their forms do."""

    def __init__(self, devices: DeviceService, inventory: Inventory, wipes: Wipes, pages: Pages) -> None:
        self._devices = devices
        self._inventory = inventory
        self._wipes = wipes
        self._pages = pages

    def all(self, visit: Visit) -> Reply:
        """My devices."""
        return self._pages.page(visit, "devices.html", sheets=self._sheets(visit))

    def one(self, visit: Visit, problem: GatewayError | None = None) -> Reply:
        """One of them, with why the last thing was refused."""
        sheet = self._inventory.sheet(visit.device)
        return self._pages.page(
            visit,
            "device.html",
            sheet=sheet,
            family=family_of(sheet.device.user_agent, sheet.device.device_type),
            choices=[_offered(each) for each in self._wipes.choices(visit.device)],
            order=self._wipes.last(visit.device),
            problem=problem,
        )

    def wipe(self, visit: Visit) -> Reply:
        """Order a wipe of one of mine."""
        full = visit.form.text("kind") == WipeKind.DEVICE.value
        if full and visit.owner.home.safeguards.approve_full_wipes:
            raise GatewayError(Kind.FORBIDDEN, ASK)
        kind = WipeKind.DEVICE if full else WipeKind.ACCOUNT
        self._wipes.request(visit.actor, visit.device, Wanted(kind, REASON, visit.form.text("typed")))
        return to(f"{HOME}devices/{quote(visit.named, safe='')}")

    def remove(self, visit: Visit) -> Reply:
        """Take one of mine off the list."""
        self._devices.remove(visit.actor, visit.device, reason=REASON)
        return to(HOME)

    def organisation(self, visit: Visit) -> Reply:
        """What my organisation can see and do, in words, for each of my devices."""
        sheets = self._sheets(visit)
        told = [(sheet, disclosed(sheet, self._wipes.choices(sheet.device.key))) for sheet in sheets]
        return self._pages.page(visit, "organisation.html", told=told)

    def _sheets(self, visit: Visit) -> list[Sheet]:
        asked = Question(organisation=visit.owner.home.id, user=visit.owner.user.id)
        found = self._inventory.find(asked, limit=MOST)
        return [self._inventory.sheet(each.key) for each in found.devices]


def _offered(choice: Choice) -> Choice:
    return replace(choice, obstacle=ASK) if choice.approval and not choice.obstacle else choice
