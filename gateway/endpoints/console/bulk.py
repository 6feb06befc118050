"""Acts on many devices at once (product 5.5, 7.2): chosen in the list, said once more in words, then done
one by one, each with what became of it."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.bulk_devices import WAYS, DeviceItems, DeviceResults, act_on_devices
from gateway.endpoints.api.devices import get_device
from gateway.endpoints.console.asking import PROOF, Ask, opens
from gateway.endpoints.console.operations import body, may
from gateway.errors import GatewayError, Kind
from mdm.device import AccessLevel

router = APIRouter(prefix="/o/{organisation}/devices")

NAMED = 50
"""Devices that the question names; of more it says how many."""


class Act(NamedTuple):
    """What can be done with many.

    Attributes:
        label: in English. action: of the API. level: for ``access``.
    """

    label: str
    action: str
    level: AccessLevel | None = None


ACTS: Mapping[str, Act] = {
    "provision": Act("Make them fetch their policy again", "provision"),
    "allow": Act("Allow them", "access", AccessLevel.ALLOW),
    "quarantine": Act("Put them in quarantine", "access", AccessLevel.QUARANTINE),
    "block": Act("Block them", "access", AccessLevel.BLOCK),
    "rules": Act("Let the rules decide about them", "access"),
    "wipe": Act("Erase the account on them", "wipe"),
    "cancel": Act("Take their wipes back", "cancel"),
    "remove": Act("Remove them from the list", "remove"),
}
"""By the word that the form sends."""


def acts(ask: Ask, organisation: str) -> list[tuple[str, str]]:
    """What whoever asks may do with many devices of an organisation, as the options of a choice."""
    who = ask.operations.authority
    return [
        (name, ask.language.text(act.label))
        for name, act in ACTS.items()
        if may(who, WAYS[act.action].permission, organisation)
    ]


@router.post("/bulk")
def bulk(organisation: str, ask: Annotated[Ask, opens(act_on_devices)]) -> Response:
    """Say what would be done with which devices; with ``sure`` do it."""
    chosen, act = _chosen(ask), ACTS.get(ask.form.text("act"))
    if act is None or not chosen:
        return _question(ask, organisation, act, GatewayError(Kind.MALFORMED, "Choose devices and an act."))
    if not ask.form.has("sure"):
        return _question(ask, organisation, act)
    if ask.form.text(PROOF):
        ask.prove()
    if WAYS[act.action].destructive and not ask.operations.authority.confirmed:
        return _question(ask, organisation, act, GatewayError(Kind.UNCONFIRMED))
    items = [_item(act, each, ask.form.text("reason")) for each in chosen]
    try:
        done = ask.call(act_on_devices, organisation=organisation, body=body(DeviceItems, {"items": items}))
    except GatewayError as error:
        return _question(ask, organisation, act, error)
    return _results(ask, organisation, act, done)


def _chosen(ask: Ask) -> list[tuple[str, str]]:
    """User and DeviceId of each box that is ticked."""
    parts = (each.partition("/") for each in dict.fromkeys(ask.form.all("device")))
    return [(user, device_id) for user, _, device_id in parts if user and device_id]


def _item(act: Act, key: tuple[str, str], reason: str) -> dict[str, str | None]:
    item: dict[str, str | None] = {
        "action": act.action,
        "user": key[0],
        "device_id": key[1],
        "reason": reason,
    }
    return {**item, "level": act.level.value if act.level else None} if act.action == "access" else item


def _question(ask: Ask, organisation: str, act: Act | None, problem: GatewayError | None = None) -> Response:
    chosen = _chosen(ask)
    sheets = (ask.seen(get_device, organisation=organisation, user=u, device_id=d) for u, d in chosen[:NAMED])
    return ask.page(
        "bulk.html",
        home=ask.organisation(organisation),
        act=act,
        word=ask.form.text("act"),
        destructive=act is not None and WAYS[act.action].destructive,
        chosen=[f"{user}/{device_id}" for user, device_id in chosen],
        sheets=[each for each in sheets if each is not None],
        problem=problem,
    )


def _results(ask: Ask, organisation: str, act: Act, done: DeviceResults) -> Response:
    return ask.page("bulk_done.html", home=ask.organisation(organisation), act=act, done=done)
