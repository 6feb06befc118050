"""``/organisations/{organisation}/devices/bulk``: acts on many devices in one call (product 5.5, 7.2, 7.3).

Each act takes its own permission, and what destroys takes the second factor shown a moment ago, item by item.
A wipe here erases the account alone: whole devices are erased one by one, with their names typed. Wipes go
through their budgets one after the other; from the one on that trips a freeze none is tried.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import APIRouter

from gateway.endpoints.api.bulk import BulkView, Item, Items, ProblemView, ResultView, counted, each, noting
from gateway.endpoints.api.calls import (
    UNCONFIRMED,
    Asking,
    Bearer,
    Body,
    Plain,
    Unpermitted,
    UseCases,
    With,
    choice,
    needs,
    word,
)
from gateway.endpoints.api.device_views import DeviceView, owned_view
from gateway.endpoints.api.moments import aware
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.reasons import tidy_reason
from gateway.services.wipe_guards import Wanted
from mdm.device import AccessLevel, DeviceKey, WipeKind

PATH = "/organisations/{organisation}/devices/bulk"
router = APIRouter(prefix=PATH, tags=["devices"])

Writer = Annotated[Actor, needs(Permission.DEVICE_WRITE)]
Action = Literal["provision", "access", "name", "remove", "wipe", "cancel"]

FROZEN = "This was not tried: wipes were frozen by one before it."


class DeviceItem(Body):
    """What is to be done with one device, named by its user's id or address and its DeviceId.

    Attributes:
        level: for ``access``; null lets the rules decide. until: when that ends.
        alias: for ``name``; empty takes the name away.
    """

    action: Action
    user: Plain
    device_id: Plain
    reason: Annotated[str, word(tidy_reason)] = ""
    level: Annotated[AccessLevel, choice()] | None = None
    until: Annotated[datetime, choice()] | None = None
    alias: Plain = ""


class DeviceItems(Body):
    """Up to 500 of them."""

    items: Items[Item[DeviceItem]]


class DeviceResult(ResultView):
    """A device as it is now, or why nothing was done; none for one that was removed."""

    user: str
    device_id: str
    device: DeviceView | None


class DeviceResults(BulkView):
    """One for each item, in their order."""

    items: list[DeviceResult]


@dataclass(frozen=True, slots=True)
class _Way:
    """How an act is done, and what it takes."""

    permission: Permission
    do: Callable[[UseCases, Actor, DeviceKey, DeviceItem], object]
    destructive: bool = False


def _wipe(use: UseCases, actor: Actor, key: DeviceKey, item: DeviceItem) -> None:
    use.wipes.request(actor, key, Wanted(WipeKind.ACCOUNT, item.reason))


def _access(use: UseCases, actor: Actor, key: DeviceKey, item: DeviceItem) -> None:
    use.devices.set_access(actor, key, item.level, item.reason, aware(item.until))


_WRITE, _ERASE = Permission.DEVICE_WRITE, Permission.DEVICE_WIPE
WAYS: Mapping[str, _Way] = MappingProxyType(
    {
        "provision": _Way(
            _WRITE, lambda use, actor, key, item: use.devices.require_provisioning(actor, key, item.reason)
        ),
        "access": _Way(_WRITE, _access),
        "name": _Way(
            _WRITE, lambda use, actor, key, item: use.inventory.rename(actor, key, item.alias, item.reason)
        ),
        "remove": _Way(
            _WRITE,
            lambda use, actor, key, item: use.devices.remove(actor, key, reason=item.reason),
            destructive=True,
        ),
        "wipe": _Way(_ERASE, _wipe, destructive=True),
        "cancel": _Way(_ERASE, lambda use, actor, key, item: use.wipes.cancel_for(actor, key, item.reason)),
    }
)
"""Act to its way: the same use cases, permissions and second factor as the route for one device has."""


@router.post("")
def act_on_devices(
    organisation: str, body: DeviceItems, use: With, actor: Writer, bearer: Bearer
) -> DeviceResults:
    """Do something with many devices, each by itself."""
    items: Sequence[object] = body.items
    done = _Acts(bearer, actor, organisation)

    def shown(index: int, device: DeviceView | None, problem: ProblemView | None) -> DeviceResult:
        user, device_id = (getattr(items[index], name, "") for name in ("user", "device_id"))
        return DeviceResult(index=index, problem=problem, user=user, device_id=device_id, device=device)

    results = each(items, done.one, shown, noting(use, actor, PATH, organisation))
    return DeviceResults(items=results, **counted(results))


class _Acts:
    """The acts of one call."""

    def __init__(self, bearer: Asking, actor: Actor, organisation: str) -> None:
        self._bearer = bearer
        self._actor = actor
        self._organisation = organisation
        self._frozen = False

    def one(self, item: DeviceItem) -> DeviceView | None:
        """The device afterwards; raises GatewayError as the route for one device does."""
        way = WAYS[item.action]
        use = self._permitted(way)
        if item.action == "wipe" and self._frozen:
            raise GatewayError(Kind.CONFLICT, FROZEN)
        key = use.finder.key(self._organisation, item.user, item.device_id)
        try:
            way.do(use, self._actor, key, item)
        except GatewayError as error:
            self._frozen = self._froze(use, item, error)
            raise
        after = use.devices.get(key)
        return owned_view(use.finder, after) if after else None

    def _permitted(self, way: _Way) -> UseCases:
        """The services for an act."""
        use = self._bearer.require(way.permission)
        if way.destructive and not self._bearer.authority.confirmed:
            raise Unpermitted(Kind.UNCONFIRMED, UNCONFIRMED, way.permission)
        return use

    def _froze(self, use: UseCases, item: DeviceItem, error: GatewayError) -> bool:
        refused_wipe = item.action == "wipe" and error.kind is Kind.CONFLICT
        return self._frozen or (refused_wipe and bool(use.safeguards.get(self._organisation).frozen))
